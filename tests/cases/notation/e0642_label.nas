// The first form leaves b open, though the second does not.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> a:E |> b:E as "$a" or "$b, $a"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0642]: the notation does not say what is drawn for `b`
//     --> e0642_label.nas:10:32
//      |
//   10 | rule H(x) = x |> a:E |> b:E as "$a" or "$b, $a"
//      |                                ^^^^
//      |                           - drawn here
//      = help: add `$b` to the notation
