// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0414]
op f(w: [V, D], x: [S]) -> y: [S, D] { y[s, d] = w[x[s], d] }
// STDERR:
//   error[E0414]: `x` is floating point and cannot be a subscript
//    --> op_float_gather.nas:4:52
//     |
//   4 | op f(w: [V, D], x: [S]) -> y: [S, D] { y[s, d] = w[x[s], d] }
//     |                                                    ^^^^
//     |                 - defined here
//     = help: a table of indices is typed: `x: i32[...]`
