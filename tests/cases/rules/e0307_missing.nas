// RUN: nasc check %s
// EXIT: 1
import std.nn
net f[D](x) = x |> linear[D]
net g(x) = x |> f |> linear
// STDERR:
//   error[E0307]: `linear` needs its attribute `D`
//    --> e0307_missing.nas:5:22
//     |
//   5 | net g(x) = x |> f |> linear
//     |                      ^^^^^^
//    ::: %{root}/stdlib/nn.nas:6:11
//     |
//   6 | op linear[D, BIAS = 1](x: [.., K]) -> y: [.., D] {
//     |           - this one has no default
//     = help: `linear[..]`
//   error[E0307]: `f` needs its attribute `D`
//    --> e0307_missing.nas:5:17
//     |
//   4 | net f[D](x) = x |> linear[D]
//     |       - this one has no default
//   5 | net g(x) = x |> f |> linear
//     |                 ^
//     = help: `f[..]`
