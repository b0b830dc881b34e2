// RUN: nasc check %s
// EXIT: 1
import std.nn
space a(x) = x
space b(x: [_, 3]) -> [..] = x
// STDERR:
//   error[E0309]: the input `x` of a space has a type: `x: [3, 32, 32]`
//    --> e0309_entry.nas:4:9
//     |
//   4 | space a(x) = x
//     |         ^
//   error[E0309]: an input of a space has a fixed type: `_` gives no size
//    --> e0309_entry.nas:5:13
//     |
//   5 | space b(x: [_, 3]) -> [..] = x
//     |             ^
//   error[E0309]: the output of a space has a fixed type: `..` gives no size
//    --> e0309_entry.nas:5:24
//     |
//   5 | space b(x: [_, 3]) -> [..] = x
//     |                        ^^
//   warning[W0201]: nothing of `std.nn` is used
//    --> e0309_entry.nas:3:1
//     |
//   3 | import std.nn
//     | ^^^^^^^^^^^^^
