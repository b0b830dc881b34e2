// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) = x |> repeat 4/3 { relu }
// STDERR:
//   error[E0506]: an integer is needed here, not 4/3
//    --> e0506_size.nas:4:31
//     |
//   4 | space s(x: [4]) = x |> repeat 4/3 { relu }
//     |                               ^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
