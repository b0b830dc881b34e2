// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) -> [5] = x |> relu
// STDERR:
//   error[E0504]: 5 stands here, and axis 0 of [4] is 4
//    --> e0504_result.nas:4:21
//     |
//   4 | space s(x: [4]) -> [5] = x |> relu
//     |                     ^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
