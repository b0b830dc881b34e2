// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0409]
op f(x: [C]) -> y: [C] { y[c] += x[c] }
// STDERR:
//   error[E0409]: nothing to reduce: every index on the right is on the left
//    --> op_nothing_reduced.nas:4:26
//     |
//   4 | op f(x: [C]) -> y: [C] { y[c] += x[c] }
//     |                          ^^^^^^^^^^^^
//     = help: tensors are assigned once, so `+=` never updates; write `=`
