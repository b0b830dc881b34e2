// The wrong mark between two parts.
// RUN: nasc parse %s 'seq(same; same)'
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
//   error[E0701]: expected `,`, found `;`
//     --> <arch>:1:9
//      |
//    1 | seq(same; same)
//      |         ^
//     ::: e0701_punctuation.nas:10:51
//      |
//   10 | rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "seq($a, $b)" | (x |> a:H) + (x |> b:H) as "sum($a, $b)"
//      |                                                   ------------- the notation read here
