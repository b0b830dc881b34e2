// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0414]
op f(x: [C]) -> y: [2*C] { y[i] = x[i / 2] }
// STDERR:
//   error[E0414]: `/` does not round, so this subscript is no whole number
//    --> op_fraction.nas:4:37
//     |
//   4 | op f(x: [C]) -> y: [2*C] { y[i] = x[i / 2] }
//     |                                     ^^^^^
//     = help: write `floor(i/2)`
