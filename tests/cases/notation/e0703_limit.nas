// A limit that the text passes.
// RUN: nasc parse %s 'seq(lin(4), lin(4))'
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "seq($a, $b)" | (x |> a:H) + (x |> b:H) as "sum($a, $b)"
space s(x: [4]) -> [3] { limit params 20
 x |> h:H |> lin[3] } as "$h"
// STDERR:
//   error[E0703]: more params than the limit: 32, allowed are 20
//    --> <arch>:1:13
//     |
//   1 | seq(lin(4), lin(4))
//     |             ^^^^^^
//    ::: e0703_limit.nas:9:48
//     |
//   9 | rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
//     |                                                --------- here in the grammar
