// RUN: nasc check %s
// EXIT: 1
import std.nn
net f(x) = { let y = relu(x) }
net g(x) = { require 1 > 0 }
// STDERR:
//   warning[W0201]: `y` is never used
//    --> e0313_no_value.nas:4:18
//     |
//   4 | net f(x) = { let y = relu(x) }
//     |                  ^
//   error[E0313]: this block has no value
//    --> e0313_no_value.nas:4:14
//     |
//   4 | net f(x) = { let y = relu(x) }
//     |              ^^^^^^^^^^^^^^^
//     = note: the last item of a block is the expression that it stands for
//   error[E0313]: this block has no value
//    --> e0313_no_value.nas:5:14
//     |
//   5 | net g(x) = { require 1 > 0 }
//     |              ^^^^^^^^^^^^^
//     = note: the last item of a block is the expression that it stands for
