// RUN: nasc check %s
// EXIT: 1
import std.nn
const P = 0.5
rule A(x) = P - 1 -> x as "a" | relu(x) as "b"
space s(x: [4]) = x |> a:A as "$a"
// STDERR:
//   error[E0602]: a weight is at least 0, not -0.5
//    --> e0602_negative.nas:5:13
//     |
//   5 | rule A(x) = P - 1 -> x as "a" | relu(x) as "b"
//     |             ^^^^^
