// RUN: nasc check %s
// EXIT: 0
import std.nn
space s(x: [4]) { relu(x);  tanh(x) }
// STDERR:
//   warning[W0202]: nothing uses this value
//    --> w0202_value.nas:4:19
//     |
//   4 | space s(x: [4]) { relu(x);  tanh(x) }
//     |                   ^^^^^^^
// STDOUT:
//   w0202_value.nas: 0 ops, 0 rules, 0 nets
//
//   space s
//       derivations     1, types left out
