// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0340]
op f(x) -> y: [..] { y[..] = 0 }
// STDERR:
//   error[E0340]: `x` needs a type: an op is defined for tensors of a stated form
//    --> op_no_type.nas:4:6
//     |
//   4 | op f(x) -> y: [..] { y[..] = 0 }
//     |      ^
//     = help: `x: [..]` takes a tensor of any rank
