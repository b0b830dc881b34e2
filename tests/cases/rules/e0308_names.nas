// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) { let (a, b, c) = (x, x);  a }
// STDERR:
//   warning[W0201]: nothing of `std.nn` is used
//    --> e0308_names.nas:3:1
//     |
//   3 | import std.nn
//     | ^^^^^^^^^^^^^
//   error[E0308]: 3 names for a tuple of 2
//    --> e0308_names.nas:4:23
//     |
//   4 | space s(x: [4]) { let (a, b, c) = (x, x);  a }
//     |                       ^^^^^^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
