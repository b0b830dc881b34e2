// RUN: nasc check %s
// D ends where n is 0; counting down from 3 in steps of 2 it never is.
import std.nn

rule D[n](x) =
    relu(x) where n == 0 as "relu"
  | x |> d:D[n - 2] where n > 0 as "d $d"

rule E(x) = x |> d:D[4] as "even $d" | x |> d:D[3] as "odd $d"

space s(x: [8, 8]) -> [8, 8] { x |> e:E } as "$e"
// STDOUT:
//   w0605_attribute.nas: 0 ops, 2 rules, 0 nets
//
//   space s
//       rule              alternatives       draws  terminals
//       E                            1           4          1
//       D[4]                         1           3          1
//       D[2]                         1           2          1
//       D[0]                         1           1          1
//       a network                                4          1
//       derivations     1, types left out
// STDERR:
//   warning[W0605]: no derivation of `D[3]` ends, which `s` can lead to
//    --> w0605_attribute.nas:5:1
//     |
//   5 | rule D[n](x) =
//     | ^^^^^^^^^^^^^^
