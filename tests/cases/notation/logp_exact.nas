// What `exact` conditions on: 0.8 of the derivations type. Estimated from 20,000 of its draws, with the error.
// RUN: nasc parse %s same 'half' --sampler exact --fields logp,logp_exact,log_mass,log_mass_error
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op half(x: [K]) -> y: [D] where D = K / 2 { y[d] = x[2*d] }
op total(x: [K]) -> y: [] { y += x[k] }
rule H(x) = 0.6 -> id(x) as "same" | 0.2 -> half(x) |> half as "half" | 0.2 -> half(x) |> half |> half as "too much"
space s(x: [4]) -> [] = x |> h:H |> total as "$h"
// STDOUT:
//   {"logp": -0.5108256237659907, "logp_exact": -0.290445888274512, "log_mass": -0.2203797354914787, "log_mass_error": 0.0031447248612063703}
//   {"logp": -1.6094379124341003, "logp_exact": -1.3890581769426216, "log_mass": -0.2203797354914787, "log_mass_error": 0.0031447248612063703}
