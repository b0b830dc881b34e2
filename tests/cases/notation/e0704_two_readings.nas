// A notation without brackets: grouped to the left or to the right.
// RUN: nasc parse %s 'same same same'
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "$a $b"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   error[E0704]: this can be read in two ways
//     --> <arch>:1:1
//      |
//    1 | same same same
//      | ^^^^^^^^^^^^^^
//     ::: e0704_two_readings.nas:10:32
//      |
//   10 | rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "$a $b"
//      |                                -------------------------- by this alternative
//      = note: one reading: H.2(H.2(H.1(E.1), H.1(E.1)), H.1(E.1))
//      = note: another reading: H.2(H.1(E.1), H.2(H.1(E.1), H.1(E.1)))
