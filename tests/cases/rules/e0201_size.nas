// RUN: nasc check %s
// EXIT: 1
import std.nn
space s(x: [4, N]) -> [4] = x |> relu
// STDERR:
//   error[E0201]: nothing here is called `N`
//    --> e0201_size.nas:4:16
//     |
//   4 | space s(x: [4, N]) -> [4] = x |> relu
//     |                ^
//     = help: the sizes of a space's inputs are its attributes, constants of the module, or given by a `let` of its block
