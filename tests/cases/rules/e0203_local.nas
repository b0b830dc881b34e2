// RUN: nasc check %s
// EXIT: 1
import std.nn
net f[D, D](x) = x |> linear[D]
net g(x) = { let y = relu(x);  let y = tanh(y);  y }
// STDERR:
//   error[E0203]: `D` has a meaning here already
//    --> e0203_local.nas:4:10
//     |
//   4 | net f[D, D](x) = x |> linear[D]
//     |          ^
//     |       - this one
//   error[E0203]: `y` has a meaning here already
//    --> e0203_local.nas:5:36
//     |
//   5 | net g(x) = { let y = relu(x);  let y = tanh(y);  y }
//     |                                    ^
//     |                  - this one
