// RUN: nasc check %s
// EXIT: 1
import std.nn
rule A(x) = relu(x) as "a" | relu as "b"
space s(x: [4]) = x |> A
// STDERR:
//   error[E0311]: this alternative of `A` is a function
//    --> e0311_mixed.nas:4:30
//     |
//   4 | rule A(x) = relu(x) as "a" | relu as "b"
//     |                              ^^^^
//     |             ------- and this one is a value
//     = note: the alternatives of a rule are of one kind: values, functions (`relu`, `y => ..`), or numbers and strings
