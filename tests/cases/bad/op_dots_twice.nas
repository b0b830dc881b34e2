// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0411]
op f(x: [.., C, ..]) -> y: [C] { y[c] += x[.., c, ..] }
// STDERR:
//   error[E0411]: `..` can stand at one place of a type only
//    --> op_dots_twice.nas:4:17
//     |
//   4 | op f(x: [.., C, ..]) -> y: [C] { y[c] += x[.., c, ..] }
//     |                 ^^
//   error[E0411]: `..` can be one subscript only
//    --> op_dots_twice.nas:4:51
//     |
//   4 | op f(x: [.., C, ..]) -> y: [C] { y[c] += x[.., c, ..] }
//     |                                                   ^^
