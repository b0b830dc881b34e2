// RUN: nasc check %s
// EXIT: 1
import std.nn
net f(x) = relu.mean(x)
// STDERR:
//   error[E0314]: `.mean`: only a module that was imported `as` a name has parts with names
//    --> e0314_field.nas:4:12
//     |
//   4 | net f(x) = relu.mean(x)
//     |            ^^^^^^^^^
