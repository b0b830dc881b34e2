// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
net n(x: [C, H, W]) = batch_norm(x)
net n(x: [S, D]) = layer_norm(x)
space s(x: [4]) = x |> n
// STDERR:
//   error[E0514]: no `n` applies to [4]
//    --> e0514_overload.nas:6:24
//     |
//   4 | net n(x: [C, H, W]) = batch_norm(x)
//     | ----------------------------------- this one does not
//   5 | net n(x: [S, D]) = layer_norm(x)
//     | -------------------------------- this one does not
//   6 | space s(x: [4]) = x |> n
//     |                        ^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
