// More than a text.
// RUN: nasc parse %s 'same, same'
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "seq($a, $b)" | (x |> a:H) + (x |> b:H) as "sum($a, $b)"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0701]: expected the end of the text, found `,`
//     --> <arch>:1:5
//      |
//    1 | same, same
//      |     ^
//     ::: e0701_rest.nas:11:48
//      |
//   11 | space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
//      |                                                ---- the notation read here
