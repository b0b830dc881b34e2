// More rounds are written than there are.
// RUN: nasc parse %s '2: same lin(4) same'
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
//   error[E0706]: `same` is written here, but nothing is drawn for it
//    --> <arch>:1:16
//     |
//   1 | 2: same lin(4) same
//     |                ^^^^
//     = note: the network draws 2
