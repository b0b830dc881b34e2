// Two members of a family print the same.
// RUN: nasc check %s
// EXIT: 1
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule H(x) = for (k, n) in {(3, 1), (3, 2), (5, 1)}: x |> lin[k] |> lin[n] as "$k"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0642]: the notation does not say which `n` of the family is drawn
//    --> e0642_family.nas:8:78
//     |
//   8 | rule H(x) = for (k, n) in {(3, 1), (3, 2), (5, 1)}: x |> lin[k] |> lin[n] as "$k"
//     |                                                                              ^^^^
//     |             --------------------------------------- one alternative for each
//     = help: add `$n` to the notation
