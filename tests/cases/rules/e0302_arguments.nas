// RUN: nasc check %s
// EXIT: 1
import std.nn
net two(a, b) = a + b
net f(x) = relu(x, x)
net g(x) = x |> two(x, x)
// STDERR:
//   error[E0302]: `relu` takes 1 argument, not 2
//      --> e0302_arguments.nas:5:12
//       |
//     5 | net f(x) = relu(x, x)
//       |            ^^^^^^^^^^
//      ::: %{root}/stdlib/nn.nas:184:1
//       |
//   184 | op relu(x: [..]) -> y: [..]                   { y[..] = max(x[..], 0) }
//       | ----------------------------------------------------------------------- defined here
//   error[E0302]: `two` takes 2 arguments, not 3
//    --> e0302_arguments.nas:6:17
//     |
//   4 | net two(a, b) = a + b
//     | --------------------- defined here
//   ...
//   6 | net g(x) = x |> two(x, x)
//     |                 ^^^^^^^^^
