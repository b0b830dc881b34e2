// A text of H that is a text of N that is a text of H.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> e:E as "$e" | x |> n:N as "$n"
rule N(x) = x |> h:H as " $h "
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0645]: a text of `H` can stand for the same text of itself
//     --> e0645_endless.nas:10:1
//      |
//   10 | rule H(x) = x |> e:E as "$e" | x |> n:N as "$n"
//      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//      = note: every such text could be read in endlessly many ways
//      = help: give the alternative that only mentions itself a notation with a word of its own
