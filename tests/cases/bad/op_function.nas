// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0423]
op f(x: [C]) -> y: [C] { y[c] = sigmod(x[c]) }
// STDERR:
//   error[E0423]: `sigmod` is no function of op bodies
//    --> op_function.nas:4:33
//     |
//   4 | op f(x: [C]) -> y: [C] { y[c] = sigmod(x[c]) }
//     |                                 ^^^^^^
//     = help: did you mean `sigmoid`?
