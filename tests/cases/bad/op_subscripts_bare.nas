// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0406]
op f(x: [C]) -> y: [C] { y[c] = x }
// STDERR:
//   error[E0406]: `x` takes 1 subscript, here are 0
//    --> op_subscripts_bare.nas:4:33
//     |
//   4 | op f(x: [C]) -> y: [C] { y[c] = x }
//     |                                 ^
//     |      - `x` is defined here
