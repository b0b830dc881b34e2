// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0340]
op f(x: T) -> y: [..] { y[..] = 0 }
// STDERR:
//   error[E0340]: a tensor type is needed here, with its axes in [ ]
//    --> op_bare_type.nas:4:9
//     |
//   4 | op f(x: T) -> y: [..] { y[..] = 0 }
//     |         ^
//     = help: `[..]` is a tensor of any rank, `[]` a single number
