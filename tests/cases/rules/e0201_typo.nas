// RUN: nasc check %s
// EXIT: 1
import std.nn
space s(x: [4]) -> [4] = x |> rellu |> linaer[4]
// STDERR:
//   error[E0201]: nothing here is called `rellu`
//    --> e0201_typo.nas:4:31
//     |
//   4 | space s(x: [4]) -> [4] = x |> rellu |> linaer[4]
//     |                               ^^^^^
//     = help: did you mean `relu`?
//   error[E0201]: nothing here is called `linaer`
//    --> e0201_typo.nas:4:40
//     |
//   4 | space s(x: [4]) -> [4] = x |> rellu |> linaer[4]
//     |                                        ^^^^^^
//     = help: did you mean `linear`?
