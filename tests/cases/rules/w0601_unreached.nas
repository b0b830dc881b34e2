// RUN: nasc check %s
// EXIT: 0
import std.nn
rule A(x) = x as "a" | relu(x) as "b"
rule B(x) = x |> a:A as "$a"
space s(x: [4]) = x |> a:A as "$a"
// STDERR:
//   warning[W0601]: no space or net reaches the rule `B`
//    --> w0601_unreached.nas:5:1
//     |
//   5 | rule B(x) = x |> a:A as "$a"
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
// STDOUT:
//   w0601_unreached.nas: 0 ops, 2 rules, 0 nets
//
//   space s
//       rule              alternatives       draws  terminals
//       A                            2           1          1
//       a network                                1          1
//       derivations     2, types left out
