// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0405]
op f(x: [N]) -> y: [2*N] {
    t[i] = x[i] + 1
    y[j] = t[j]
}
// STDERR:
//   error[E0405]: index `j` ranges over axis 0 of `y` (2*N) and over axis 0 of `x` (N)
//    --> op_disagree_temp.nas:6:14
//     |
//   4 | op f(x: [N]) -> y: [2*N] {
//     |          - but N here
//     |                     --- 2*N here
//   ...
//   6 |     y[j] = t[j]
//     |              ^
//     = help: if it is to go over a part of an axis, say so: `rank j: ...`
