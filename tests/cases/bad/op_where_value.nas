// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0415]
op f(x: [C, K]) -> y: [C] { y[c] += x[c, k] where x[c, k] > 0 }
// STDERR:
//   error[E0415]: `where` selects points by their indices, not by values
//    --> op_where_value.nas:4:51
//     |
//   4 | op f(x: [C, K]) -> y: [C] { y[c] += x[c, k] where x[c, k] > 0 }
//     |                                                   ^^^^^^^^^^^
//     = help: `select(c, a, b)` chooses by value
