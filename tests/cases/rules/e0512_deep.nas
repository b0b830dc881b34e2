// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
net f[N](x) = if N == 0 then x else x |> relu |> f[N + 1]
space s(x: [4]) = x |> f[1]
// STDERR:
//   error[E0512]: applications are nested 700 deep here
//    --> e0512_deep.nas:4:42
//     |
//   4 | net f[N](x) = if N == 0 then x else x |> relu |> f[N + 1]
//     |                                          ^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
