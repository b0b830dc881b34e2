// A hole without its brace.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> e:E as "<${e>"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0640]: `${` without its `}`
//     --> e0640_not_closed.nas:10:27
//      |
//   10 | rule H(x) = x |> e:E as "<${e>"
//      |                           ^
//      = help: write `$name`, `${name}`, `${name|separator}`, or `$$` for a dollar
