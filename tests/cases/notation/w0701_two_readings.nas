// A notation without brackets: grouped to the left or to the right.
// RUN: nasc parse %s 'same same same'
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "$a $b"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDERR:
//   warning[W0701]: this can be read in two ways
//    --> <arch>:1:1
//     |
//   1 | same same same
//     | ^^^^^^^^^^^^^^
//    ::: w0701_two_readings.nas:9:32
//     |
//   9 | rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "$a $b"
//     |                                -------------------------- by this alternative
//     = note: one reading: H.2(H.2(H.1(E.1), H.1(E.1)), H.1(E.1))
//     = note: another reading: H.2(H.1(E.1), H.2(H.1(E.1), H.1(E.1)))
// STDOUT:
//   {"space": "s", "seed": null, "index": 0, "id": "264e2d902847e9ea0a06635a41fff050", "logp": -6.068425588244111, "readings": 2, "sum": "exact", "depth": 4, "nodes": 4, "params": 12, "macs": 12, "arch": "same same same"}
