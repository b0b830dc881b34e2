// RUN: nasc check %s
// EXIT: 1
import std.nn (relu, sofmax)
import std.nn as nn
net f(x) = x |> relu |> nn.linera[3]
// STDERR:
//   error[E0206]: `std.nn` defines no `sofmax`
//    --> e0206_list.nas:3:22
//     |
//   3 | import std.nn (relu, sofmax)
//     |                      ^^^^^^
//     = help: did you mean `softmax`?
//   error[E0206]: `std.nn` defines no `linera`
//    --> e0206_list.nas:5:25
//     |
//   5 | net f(x) = x |> relu |> nn.linera[3]
//     |                         ^^^^^^^^^
//     = help: did you mean `linear`?
