// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) = (x, 3)
// STDERR:
//   warning[W0201]: nothing of `std.nn` is used
//    --> e0309_no_tensor.nas:3:1
//     |
//   3 | import std.nn
//     | ^^^^^^^^^^^^^
//   error[E0309]: an entry point gives tensors, not a number
//    --> e0309_no_tensor.nas:4:1
//     |
//   4 | space s(x: [4]) = (x, 3)
//     | ^^^^^^^^^^^^^^^^^^^^^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
