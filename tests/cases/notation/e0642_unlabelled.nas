// A mention without a label cannot be shown.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> E |> b:E as "$b"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0642]: the notation does not say what is drawn for `E`
//     --> e0642_unlabelled.nas:10:30
//      |
//   10 | rule H(x) = x |> E |> b:E as "$b"
//      |                              ^^^^
//      |                  - drawn here
//      = help: label it (`a:E`) and add `$a` to the notation
