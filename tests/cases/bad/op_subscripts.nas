// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0406]
op f(x: [C, H, W]) -> y: [C] { y[c] += x[c, h] }
// STDERR:
//   error[E0406]: `x` takes 3 subscripts, here are 2
//    --> op_subscripts.nas:4:40
//     |
//   4 | op f(x: [C, H, W]) -> y: [C] { y[c] += x[c, h] }
//     |                                        ^^^^^^^
//     |      - `x` is defined here
