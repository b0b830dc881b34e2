// RUN: nasc check %s
// EXIT: 1
import std.nn
space s(x: [4]) { recipe lr = uniform(0, 1);  x |> linear[floor(uniform(3, 5))] }
// STDERR:
//   error[E0305]: `uniform` draws a real number: it stands in a `recipe` only
//    --> e0305_recipe.nas:4:65
//     |
//   4 | space s(x: [4]) { recipe lr = uniform(0, 1);  x |> linear[floor(uniform(3, 5))] }
//     |                                                                 ^^^^^^^^^^^^^
