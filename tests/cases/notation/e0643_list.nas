// One hole for what is drawn each round.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> repeat 3 { e:E } as "3x $e"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0643]: `e` is drawn once a round, any number of times
//     --> e0643_list.nas:10:42
//      |
//   10 | rule H(x) = x |> repeat 3 { e:E } as "3x $e"
//      |                                          ^^
//      |                               - drawn here, in a `repeat`
//      = help: write a list with its separator: `${e|, }`
