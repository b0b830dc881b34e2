// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0345]
op f(x: [N]) -> y: [N] {
    N[i] = x[i]
    y[i] = N[i]
}
// STDERR:
//   error[E0345]: `N` cannot name an intermediate: it already names a size of this op
//    --> op_shadow_temp.nas:5:5
//     |
//   4 | op f(x: [N]) -> y: [N] {
//     |          - here
//   5 |     N[i] = x[i]
//     |     ^^^^
//   error[E0401]: tensor `N` is not defined
//    --> op_shadow_temp.nas:6:12
//     |
//   6 |     y[i] = N[i]
//     |            ^
//     = note: `N` is a size: sizes take no subscripts
