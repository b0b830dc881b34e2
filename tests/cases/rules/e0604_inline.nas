// RUN: nasc check %s
// EXIT: 1
import std.nn
inline rule I[N](x) = N/2 -> relu(x) as "r" | tanh(x) as "t"
rule A(x) = x as "x" | i:I[1](x) as "$i"
space s(x: [4]) = x |> a:A as "$a"
// STDERR:
//   error[E0604]: the alternatives of the inline rule `I` are not constants
//    --> e0604_inline.nas:4:1
//     |
//   4 | inline rule I[N](x) = N/2 -> relu(x) as "r" | tanh(x) as "t"
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//     = note: they are put in place of its mentions before anything is known about arguments: weights and families are made of numbers and constants, and it mentions no other inline rule
