// A label on an op names its parameters; nothing is drawn there.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> l:id |> e:E as "$l then $e"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0641]: `$l`: nothing is drawn at the label `l`
//     --> e0641_op_label.nas:10:34
//      |
//   10 | rule H(x) = x |> l:id |> e:E as "$l then $e"
//      |                                  ^^
//      = note: a hole shows a draw (a rule, a `choose`), an attribute, a size or a family variable
