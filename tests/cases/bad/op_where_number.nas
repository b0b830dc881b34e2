// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0415]
op f(x: [C]) -> y: [C] where C - 1 { y[c] = x[c] }
// STDERR:
//   error[E0415]: a number is no condition
//    --> op_where_number.nas:4:30
//     |
//   4 | op f(x: [C]) -> y: [C] where C - 1 { y[c] = x[c] }
//     |                              ^^^^^
//     = help: conditions compare: `OH >= 1`; a definition reads `OH = ...`
