// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0411]
op f(x: [C]) -> y: [C] { y[..] = x[..] }
// STDERR:
//   error[E0411]: no input of `f` has a `..` that says which ranks these are
//    --> op_dots_none.nas:4:28
//     |
//   4 | op f(x: [C]) -> y: [C] { y[..] = x[..] }
//     |                            ^^
//     |                 - `y` is defined here
