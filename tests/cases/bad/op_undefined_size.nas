// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0343]
op f(x: [C]) -> y: [D] { y[d] = x[d] }
// STDERR:
//   error[E0343]: size `D` is not defined
//    --> op_undefined_size.nas:4:21
//     |
//   4 | op f(x: [C]) -> y: [D] { y[d] = x[d] }
//     |                     ^
//     = help: constants of the file are not visible in an op: give it an attribute `D`, or a `let`
