// Two alternatives of one spelling: which network is meant?
// RUN: nasc show %s --arch 'linear'
// EXIT: 1
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule H(x) = x |> lin[4] as "linear" | x |> lin[5] as "linear"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0704]: this can be read in two ways
//    --> <arch>:1:1
//     |
//   1 | linear
//     | ^^^^^^
//    ::: e0704_same_words.nas:8:13
//     |
//   8 | rule H(x) = x |> lin[4] as "linear" | x |> lin[5] as "linear"
//     |             ----------------------- by this alternative
//     |                                       ----------------------- or by this alternative
//     = note: one reading: H.1
//     = note: another reading: H.2
//     = note: they are not all the same network, and one is wanted here
