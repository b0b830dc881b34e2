// RUN: nasc check %s
// EXIT: 1
import std.nn
net f(x) = x |> linear[floor(3, 4) + fold(x, 0) + depth(1)]
// STDERR:
//   error[E0304]: `floor` takes 1 argument, not 2
//    --> e0304_builtin.nas:4:24
//     |
//   4 | net f(x) = x |> linear[floor(3, 4) + fold(x, 0) + depth(1)]
//     |                        ^^^^^^^^^^^
//   error[E0304]: `fold` takes 3 arguments, not 2
//    --> e0304_builtin.nas:4:38
//     |
//   4 | net f(x) = x |> linear[floor(3, 4) + fold(x, 0) + depth(1)]
//     |                                      ^^^^^^^^^^
//   error[E0304]: `depth` takes 0 arguments, not 1
//    --> e0304_builtin.nas:4:51
//     |
//   4 | net f(x) = x |> linear[floor(3, 4) + fold(x, 0) + depth(1)]
//     |                                                   ^^^^^^^^
