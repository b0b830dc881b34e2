// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) { let f = share (y => y |> linear[2 * extent(y, 0)]);  x |> f |> f }
// STDERR:
//   error[E0511]: `share` has one set of parameters, and at these types the body needs others
//    --> e0511_once.nas:4:82
//     |
//   4 | space s(x: [4]) { let f = share (y => y |> linear[2 * extent(y, 0)]);  x |> f |> f }
//     |                                                                                  ^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
