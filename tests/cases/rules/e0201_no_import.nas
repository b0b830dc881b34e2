// RUN: nasc check %s
// EXIT: 1
space s(x: [4]) -> [4] = x |> relu
// STDERR:
//   error[E0201]: nothing here is called `relu`
//    --> e0201_no_import.nas:3:31
//     |
//   3 | space s(x: [4]) -> [4] = x |> relu
//     |                               ^^^^
//     = help: the usual operators are in the module std.nn: `import std.nn`
