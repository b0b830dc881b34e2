// RUN: nasc check %s
// EXIT: 1
import std.nn
limit parms 3
space s(x: [4]) { limit depth 3, time 4;  x }
// STDERR:
//   error[E0310]: there is no limit `parms`
//    --> e0310_limit.nas:4:7
//     |
//   4 | limit parms 3
//     |       ^^^^^^^
//     = note: limits are: depth, nodes, params, macs, memory
//     = help: did you mean `params`?
//   error[E0310]: there is no limit `time`
//    --> e0310_limit.nas:5:34
//     |
//   5 | space s(x: [4]) { limit depth 3, time 4;  x }
//     |                                  ^^^^^^
//     = note: limits are: depth, nodes, params, macs, memory
//   warning[W0201]: nothing of `std.nn` is used
//    --> e0310_limit.nas:3:1
//     |
//   3 | import std.nn
//     | ^^^^^^^^^^^^^
