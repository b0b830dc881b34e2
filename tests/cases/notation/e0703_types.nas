// The text reads, the sum does not type: both axes, both places.
// RUN: nasc parse %s 'seq(same, sum(lin(4), lin(1)))'
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
//   error[E0703]: `add` does not apply to [4], [1]
//     --> <arch>:1:11
//      |
//    1 | seq(same, sum(lin(4), lin(1)))
//      |           ^^^^^^^^^^^^^^^^^^^
//     ::: e0703_types.nas:10:67
//      |
//   10 | rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "seq($a, $b)" | (x |> a:H) + (x |> b:H) as "sum($a, $b)"
//      |                                                                   ----------------------- here in the grammar
//     ::: %{root}/stdlib/prelude.nas:3:13
//      |
//    3 | op add(a: T[..], b: T[..]) -> y: T[..] { y[..] = a[..] + b[..] }
//      |             -- 4 here
//      |                       -- 1 here
//      = note: `add`: axis 0 of `b` is 1, it must be 4
