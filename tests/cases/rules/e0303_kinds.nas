// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) = x + (x, x)
// STDERR:
//   warning[W0201]: nothing of `std.nn` is used
//    --> e0303_kinds.nas:3:1
//     |
//   3 | import std.nn
//     | ^^^^^^^^^^^^^
//   error[E0303]: `+` needs tensors or numbers, not a tuple
//    --> e0303_kinds.nas:4:19
//     |
//   4 | space s(x: [4]) = x + (x, x)
//     |                   ^^^^^^^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
