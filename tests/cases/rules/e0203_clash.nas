// RUN: nasc check %s
// EXIT: 1
import std.nn
rule a(x) = relu(x)
op a(x: [..]) -> y: [..] { y[..] = x[..] }
const K = 1
const K = 2
space s(x: [4]) = x
space s(x: [5]) = x
// STDERR:
//   error[E0203]: `a` is already a rule of this module
//    --> e0203_clash.nas:5:1
//     |
//   4 | rule a(x) = relu(x)
//     | ------------------- first defined here
//   5 | op a(x: [..]) -> y: [..] { y[..] = x[..] }
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//   error[E0203]: `K` is already a constant of this module
//    --> e0203_clash.nas:7:1
//     |
//   6 | const K = 1
//     | ----------- first defined here
//   7 | const K = 2
//     | ^^^^^^^^^^^
//   error[E0203]: `s` is already defined: only rules and nets of one kind can share a name
//    --> e0203_clash.nas:9:1
//     |
//   8 | space s(x: [4]) = x
//     | ------------------- first defined here
//   9 | space s(x: [5]) = x
//     | ^^^^^^^^^^^^^^^^^^^
