// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0429]
op f(x: [C]) -> y: [C] { y[c] = x[c] + (x[c] > 0) }
// STDERR:
//   error[E0429]: `+` computes with numbers, this is a condition
//    --> op_bool_add.nas:4:40
//     |
//   4 | op f(x: [C]) -> y: [C] { y[c] = x[c] + (x[c] > 0) }
//     |                                        ^^^^^^^^^^
//     = help: `select(c, 1, 0)` makes a number of a condition
