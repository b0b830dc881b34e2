// RUN: nasc check %s
// Derivations end: half of the draws leads to another.  But that one stands there four times.
import std.nn

op clones[N](x: [..]) -> y: [N, ..] { y[n, ..] = x[..] }
op sum_of(x: [N, ..]) -> y: [..] { y[..] += x[n, ..] }

rule A(x) =
    1/2 -> relu(x) as "relu"
  | 1/2 -> { let p = clones[4](x); each a:A(p) |> sum_of } as "4*($a)"

space s(x: [8, 8]) -> [8, 8] { x |> a:A } as "$a"
// STDOUT:
//   w0604_copies.nas: 2 ops, 1 rule, 0 nets
//
//   space s
//                                         expected                  with copies
//       rule              alternatives       draws  terminals          draws  terminals
//       A                            2           2          1       infinite   infinite
//       a network                                2          1       infinite   infinite
//       rate of growth  0.500
//       with copies     2.00; critical at a share of 0.75 for alternative 1 of `A` (it is 0.5)
//       derivations     8 to depth 8, types left out
// STDERR:
//   warning[W0604]: networks of `s`, copies counted, grow at a rate of 2.00: their expected size is infinite
//    --> w0604_copies.nas:8:1
//     |
//   8 | rule A(x) =
//     | ^^^^^^^^^^^
//     = note: a derivation ends, but what `each`, `once` and `share` copy outgrows it; limits cut the largest networks off
//     = help: the rate is 1 at a share of 0.75 for alternative 1 of `A` (it is 0.5)
