// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
net square(x: [N, N]) = relu(x)
space s(x: [4, 5]) = x |> square
// STDERR:
//   error[E0504]: `N` is 4 here, and axis 1 of [4, 5] is 5
//    --> e0504_signature.nas:4:19
//     |
//   4 | net square(x: [N, N]) = relu(x)
//     |                   ^
//   5 | space s(x: [4, 5]) = x |> square
//     |                           ------ `square` is applied here
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
