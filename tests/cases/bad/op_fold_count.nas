// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0430]
op f(x: [(H W), D]) -> y: [D, H, W] { y[d, h, w] = x[(h w d), d] }
// STDERR:
//   error[E0430]: 3 indices for axis 0 of `x`, which was folded from 2
//    --> op_fold_count.nas:4:54
//     |
//   4 | op f(x: [(H W), D]) -> y: [D, H, W] { y[d, h, w] = x[(h w d), d] }
//     |                                                      ^^^^^^^
//     |          ----- declared here
