// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
net back(x: [(H W), D]) = x |> linear[H]
space s(x: [64, 3]) = x |> back
// STDERR:
//   error[E0503]: this axis does not remember such factors: the argument is [64, 3]
//    --> e0503_fold.nas:4:14
//     |
//   4 | net back(x: [(H W), D]) = x |> linear[H]
//     |              ^^^^^
//   5 | space s(x: [64, 3]) = x |> back
//     |                            ---- `back` is applied here
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
