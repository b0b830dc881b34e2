// A hole that names nothing, nearly a label.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> left:E |> right:E as "$left, $rigth"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0641]: the hole `$rigth` names nothing of this alternative
//     --> e0641_unknown.nas:10:47
//      |
//   10 | rule H(x) = x |> left:E |> right:E as "$left, $rigth"
//      |                                               ^^^^^^
//      = help: did you mean `$right`?
