// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
rule A(x) = 0 -> x as "a" | 0 -> relu(x) as "b"
space s(x: [4]) = x |> a:A as "$a"
// STDERR:
//   error[E0510]: no alternative of `A` is left here
//    --> e0510_nothing_left.nas:5:24
//     |
//   5 | space s(x: [4]) = x |> a:A as "$a"
//     |                        ^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
