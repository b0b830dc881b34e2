// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
net f(x) -> [K] where K > 3 = relu(x)
space s(x: [4]) -> [4] = x |> f
// STDERR:
//   error[E0211]: `K` is read before it has a value
//    --> e0211_early.nas:4:23
//     |
//   4 | net f(x) -> [K] where K > 3 = relu(x)
//     |                       ^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
