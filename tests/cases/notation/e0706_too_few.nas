// Fewer rounds are written than there are.
// RUN: nasc parse %s '3: same lin(4)'
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = for n in {2, 3}: x |> repeat n { e:E } as "$n: ${e| }"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0706]: `e` is drawn more often than the text writes it: 2 times
//    --> <arch>:1:1
//     |
//   1 | 3: same lin(4)
//     | ^^^^^^^^^^^^^^
