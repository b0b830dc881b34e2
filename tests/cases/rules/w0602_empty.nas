// RUN: nasc check %s
// EXIT: 0
import std.nn
rule A(x) = for k in {3 .. 2}: x |> linear[k] as "$k" | x as "i"
space s(x: [4]) = x |> a:A as "$a"
// STDERR:
//   warning[W0602]: this family has no members
//    --> w0602_empty.nas:4:13
//     |
//   4 | rule A(x) = for k in {3 .. 2}: x |> linear[k] as "$k" | x as "i"
//     |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
// STDOUT:
//   w0602_empty.nas: 0 ops, 1 rule, 0 nets
//
//   space s
//       rule              alternatives       draws  terminals
//       A                            1           1          1
//       a network                                1          1
//       derivations     1, types left out
