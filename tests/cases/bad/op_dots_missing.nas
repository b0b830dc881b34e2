// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0411]
op f(x: [.., C]) -> y: [C] { y[c] += x[i, c] }
// STDERR:
//   error[E0411]: `x` has a `..` among its axes, the subscripts have none
//    --> op_dots_missing.nas:4:38
//     |
//   4 | op f(x: [.., C]) -> y: [C] { y[c] += x[i, c] }
//     |                                      ^^^^^^^
//     |      - `x` is defined here
