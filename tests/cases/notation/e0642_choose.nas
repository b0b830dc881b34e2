// An anonymous choice that no hole shows.
// RUN: nasc check %s
// EXIT: 1
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule H(x) = x |> lin[choose {3, 5}] as "lin"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0642]: the notation does not say what is drawn for `choose`
//    --> e0642_choose.nas:8:40
//     |
//   8 | rule H(x) = x |> lin[choose {3, 5}] as "lin"
//     |                                        ^^^^^
//     |                      ------------- drawn here
//     = help: bind it with `let k = choose {...}` and add `$k` to the notation
