// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0405]
op f(x: [N]) -> y: [N + 1] { y[n] = x[n] }
// STDERR:
//   error[E0405]: index `n` ranges over axis 0 of `y` (N + 1) and over axis 0 of `x` (N)
//    --> op_disagree_symbolic.nas:4:39
//     |
//   4 | op f(x: [N]) -> y: [N + 1] { y[n] = x[n] }
//     |                                       ^
//     |          - but N here
//     |                     ----- N + 1 here
//     = help: if it is to go over a part of an axis, say so: `rank n: ...`
