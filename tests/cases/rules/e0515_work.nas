// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) = x |> repeat 1G { relu }
// STDERR:
//   error[E0515]: this derivation takes too much work
//    --> e0515_work.nas:4:36
//     |
//   4 | space s(x: [4]) = x |> repeat 1G { relu }
//     |                                    ^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
