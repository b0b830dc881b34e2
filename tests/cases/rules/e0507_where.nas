// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
net f[K](x: [N]) where N % K == 0 = x |> linear[N / K]
space s(x: [4]) = x |> f[3]
// STDERR:
//   error[E0507]: this condition of `f` does not hold
//    --> e0507_where.nas:4:24
//     |
//   4 | net f[K](x: [N]) where N % K == 0 = x |> linear[N / K]
//     |                        ^^^^^^^^^^
//   5 | space s(x: [4]) = x |> f[3]
//     |                        ---- `f` is applied here
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
