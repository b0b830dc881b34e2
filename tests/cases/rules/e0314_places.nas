// RUN: nasc check %s
// EXIT: 1
import std.nn
rule A(x: [.., K, ..]) = { limit params 3;  x } as "a" | for k in {0.5 -> 1, 2}: x |> linear[k] as "$k" | x |> linear[_] as "h"
space s(x: [4]) where 1 > 0 = x |> a:A as "$a"
// STDERR:
//   error[E0314]: `..` stands at one place of a type
//    --> e0314_places.nas:4:11
//     |
//   4 | rule A(x: [.., K, ..]) = { limit params 3;  x } as "a" | for k in {0.5 -> 1, 2}: x |> linear[k] as "$k" | x |> linear[_]...
//     |           ^^^^^^^^^^^
//   error[E0314]: a limit stands in the block of a space
//    --> e0314_places.nas:4:28
//     |
//   4 | rule A(x: [.., K, ..]) = { limit params 3;  x } as "a" | for k in {0.5 -> 1, 2}: x |> linear[k] as "$k" | x |> linear[_]...
//     |                            ^^^^^^^^^^^^^^
//   error[E0314]: the members of a family have no weights of their own: the alternative has one, which may read them
//    --> e0314_places.nas:4:68
//     |
//   4 | ...limit params 3;  x } as "a" | for k in {0.5 -> 1, 2}: x |> linear[k] as "$k" | x |> linear[_] as "h"
//     |                                            ^^^^^^^^
//   error[E0314]: `_` stands for any extent in a signature, or for the rest as a weight
//    --> e0314_places.nas:4:119
//     |
//   4 | ...}: x |> linear[k] as "$k" | x |> linear[_] as "h"
//     |                                            ^
//   error[E0314]: a space has no `where`: use `require` in its block
//    --> e0314_places.nas:5:17
//     |
//   5 | space s(x: [4]) where 1 > 0 = x |> a:A as "$a"
//     |                 ^^^^^^^^^^^
