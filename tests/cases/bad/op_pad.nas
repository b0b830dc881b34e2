// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0424]
op f(x: [C]) -> y: [C] { y[c] = pad(x[c] + 1, 0) }
// STDERR:
//   error[E0424]: `pad` takes one read of a tensor and the value outside of it
//    --> op_pad.nas:4:37
//     |
//   4 | op f(x: [C]) -> y: [C] { y[c] = pad(x[c] + 1, 0) }
//     |                                     ^^^^^^^^
//     = help: `pad(x[i - 1], 0)`
