// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) = x |> linear[3, D = 4]
// STDERR:
//   error[E0306]: attribute `D` of `linear` is given twice
//    --> e0306_twice.nas:4:34
//     |
//   4 | space s(x: [4]) = x |> linear[3, D = 4]
//     |                                  ^^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
