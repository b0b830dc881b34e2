// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0401]
op f(inputs: [C]) -> y: [C] { y[c] = input[c] }
// STDERR:
//   error[E0401]: tensor `input` is not defined
//    --> op_undefined_tensor.nas:4:38
//     |
//   4 | op f(inputs: [C]) -> y: [C] { y[c] = input[c] }
//     |                                      ^^^^^
//     = help: did you mean `inputs`?
