// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) { limit params 10;  x |> linear[4] }
// STDERR:
//   error[E0509]: more params than the limit: 20, allowed are 10
//    --> e0509_limit.nas:4:42
//     |
//   4 | space s(x: [4]) { limit params 10;  x |> linear[4] }
//     |                                          ^^^^^^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
