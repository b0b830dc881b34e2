// One label for two draws.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = (x |> e:E) + (x |> e:E) as "$e"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0644]: `e` names two draws
//     --> e0644_twice.nas:10:34
//      |
//   10 | rule H(x) = (x |> e:E) + (x |> e:E) as "$e"
//      |                                  ^
//      |                     - the other one
//      = help: give each its own label
