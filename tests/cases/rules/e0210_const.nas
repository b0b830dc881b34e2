// RUN: nasc check %s
// EXIT: 1
import std.nn
const A = B + 1
const B = 2 * A
const C = choose {1, 2}
const D = (1, 2)
const E = relu
// STDERR:
//   error[E0210]: the constant `A` is defined by itself
//    --> e0210_const.nas:4:1
//     |
//   4 | const A = B + 1
//     | ^^^^^^^^^^^^^^^
//   error[E0210]: a constant is computed from numbers, strings and other constants
//    --> e0210_const.nas:6:11
//     |
//   6 | const C = choose {1, 2}
//     |           ^^^^^^^^^^^^^
//   error[E0210]: a constant is a number or a string, not a tuple
//    --> e0210_const.nas:7:11
//     |
//   7 | const D = (1, 2)
//     |           ^^^^^^
//   error[E0210]: a constant is computed from numbers, strings and other constants
//    --> e0210_const.nas:8:11
//     |
//   8 | const E = relu
//     |           ^^^^
