// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0403]
op f(a: [M, K], b: [K, N]) -> y: [M, N] { y[m, n] = a[m, k] * b[k, n] }
// STDERR:
//   error[E0403]: index `k` is on the right of `=` but not on the left
//    --> op_silent_sum.nas:4:58
//     |
//   4 | op f(a: [M, K], b: [K, N]) -> y: [M, N] { y[m, n] = a[m, k] * b[k, n] }
//     |                                                          ^
//     |                                           ------- `y` does not have it
//     = help: `+=` sums over `k` (max= min= *= ... reduce otherwise); or keep it: add `k` to the subscripts of `y`
