// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0429]
op f(x: [C]) -> y: [C] { y[c] = x[c] > 0 }
// STDERR:
//   error[E0429]: a condition is no value of a tensor
//    --> op_bool_value.nas:4:33
//     |
//   4 | op f(x: [C]) -> y: [C] { y[c] = x[c] > 0 }
//     |                                 ^^^^^^^^
//     = help: `select(c, 1, 0)`
