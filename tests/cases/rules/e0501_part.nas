// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) = x |> linear[extent(x, 1)]
// STDERR:
//   error[E0501]: there is no such axis: the tensor has 1
//    --> e0501_part.nas:4:31
//     |
//   4 | space s(x: [4]) = x |> linear[extent(x, 1)]
//     |                               ^^^^^^^^^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
