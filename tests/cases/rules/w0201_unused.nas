// RUN: nasc check %s
// EXIT: 0
import std.nn
op idle(x: [..]) -> y: [..] { y[..] = x[..] }
space s[N = 1](x: [4]) { let y = relu(x);  let z = tanh(x);  y }
// STDERR:
//   warning[W0201]: `z` is never used
//    --> w0201_unused.nas:5:48
//     |
//   5 | space s[N = 1](x: [4]) { let y = relu(x);  let z = tanh(x);  y }
//     |                                                ^
//   warning[W0201]: the op `idle` is never used
//    --> w0201_unused.nas:4:1
//     |
//   4 | op idle(x: [..]) -> y: [..] { y[..] = x[..] }
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
// STDOUT:
//   w0201_unused.nas: 1 op, 0 rules, 0 nets
//
//   space s[N]
//       derivations     1, types left out
