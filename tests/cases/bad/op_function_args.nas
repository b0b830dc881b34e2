// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0423]
op f(x: [C]) -> y: [C] { y[c] = select(x[c] > 0, x[c]) }
// STDERR:
//   error[E0423]: `select` takes 3 arguments, given 2
//    --> op_function_args.nas:4:33
//     |
//   4 | op f(x: [C]) -> y: [C] { y[c] = select(x[c] > 0, x[c]) }
//     |                                 ^^^^^^^^^^^^^^^^^^^^^^
