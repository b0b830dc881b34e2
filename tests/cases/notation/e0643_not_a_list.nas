// A list of what is drawn once.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> e:E as "[${e|, }]"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0643]: `e` is drawn once, not once a round
//     --> e0643_not_a_list.nas:10:27
//      |
//   10 | rule H(x) = x |> e:E as "[${e|, }]"
//      |                           ^^^^^^^
//      |                    - drawn here, outside of any `repeat`
//      = help: write `${e}`
