// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0403]
op f(x: [C, ..]) -> y: [C] { y[c] = x[c, ..] }
// STDERR:
//   error[E0403]: index `..` is on the right of `=` but not on the left
//    --> op_silent_sum_run.nas:4:42
//     |
//   4 | op f(x: [C, ..]) -> y: [C] { y[c] = x[c, ..] }
//     |                                          ^^
//     |                              ---- `y` does not have it
//     = help: `+=` sums over `..`; or keep it: add `..` to the subscripts of `y`
