// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0412]
op f(x: [C]) -> (y: [C], z: [C]) { y[c] = x[c] }
// STDERR:
//   error[E0412]: output `z` is never written
//    --> op_unwritten.nas:4:26
//     |
//   4 | op f(x: [C]) -> (y: [C], z: [C]) { y[c] = x[c] }
//     |                          ^
