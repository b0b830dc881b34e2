// A text that ends too early.
// RUN: nasc parse %s 'seq(same, lin(4)'
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
//   error[E0701]: the text ends where `)` is expected
//     --> <arch>:1:17
//      |
//    1 | seq(same, lin(4)
//      |                 ^
//     ::: e0701_end.nas:10:51
//      |
//   10 | rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "seq($a, $b)" | (x |> a:H) + (x |> b:H) as "sum($a, $b)"
//      |                                                   ------------- the notation read here
