// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0425]
op f(x: [C]) -> y: [C] { y[c] = select(training, x[c], 0) }
// STDERR:
//   error[E0425]: `training` can only be the condition of an `if ... { }` around equations
//    --> op_training_point.nas:4:40
//     |
//   4 | op f(x: [C]) -> y: [C] { y[c] = select(training, x[c], 0) }
//     |                                        ^^^^^^^^
