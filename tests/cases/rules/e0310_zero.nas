// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) { limit params 4 - 4;  x }
// STDERR:
//   warning[W0201]: nothing of `std.nn` is used
//    --> e0310_zero.nas:3:1
//     |
//   3 | import std.nn
//     | ^^^^^^^^^^^^^
//   error[E0310]: a limit is above 0
//    --> e0310_zero.nas:4:25
//     |
//   4 | space s(x: [4]) { limit params 4 - 4;  x }
//     |                         ^^^^^^^^^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
