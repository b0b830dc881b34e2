// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0426]
op f(x: [C]) -> y: [extent(batch)] { y[i] = x[0] }
// STDERR:
//   error[E0426]: `extent(batch)` is known only when the network runs: it is no extent and no subscript
//    --> op_batch_extent.nas:4:21
//     |
//   4 | op f(x: [C]) -> y: [extent(batch)] { y[i] = x[0] }
//     |                     ^^^^^^^^^^^^^
