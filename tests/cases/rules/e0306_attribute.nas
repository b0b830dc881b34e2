// RUN: nasc check %s
// EXIT: 1
import std.nn
net f[D, WIDTH = 2](x) = x |> linear[D, 1, 2]
net g(x) = x |> f[3, WITDH = 4]
// STDERR:
//   warning[W0201]: `WIDTH` is never used
//    --> e0306_attribute.nas:4:10
//     |
//   4 | net f[D, WIDTH = 2](x) = x |> linear[D, 1, 2]
//     |          ^^^^^^^^^
//   error[E0306]: `linear` has 2 attributes
//    --> e0306_attribute.nas:4:44
//     |
//   4 | net f[D, WIDTH = 2](x) = x |> linear[D, 1, 2]
//     |                                            ^
//    ::: %{root}/stdlib/nn.nas:6:1
//     |
//   6 | op linear[D, BIAS = 1](x: [.., K]) -> y: [.., D] {
//     | -------------------------------------------------- defined here
//   error[E0306]: `f` has no attribute `WITDH`
//    --> e0306_attribute.nas:5:22
//     |
//   4 | net f[D, WIDTH = 2](x) = x |> linear[D, 1, 2]
//     | --------------------------------------------- defined here
//   5 | net g(x) = x |> f[3, WITDH = 4]
//     |                      ^^^^^^^^^
//     = help: did you mean `WIDTH`?
