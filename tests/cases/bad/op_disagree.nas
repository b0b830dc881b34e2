// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0405]
op f(x: [3, N]) -> y: [N] {
    param w: [4, N] ~ zeros
    y[n] += x[k, n] * w[k, n]
}
// STDERR:
//   error[E0405]: index `k` ranges over axis 0 of `x` (3) and over axis 0 of `w` (4)
//    --> op_disagree.nas:6:25
//     |
//   4 | op f(x: [3, N]) -> y: [N] {
//     |          - 3 here
//   5 |     param w: [4, N] ~ zeros
//     |               - but 4 here
//   6 |     y[n] += x[k, n] * w[k, n]
//     |                         ^
//     = help: if it is to go over a part of an axis, say so: `rank k: ...`
