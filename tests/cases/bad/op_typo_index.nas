// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0403]
op f(x: [A, B]) -> y: [A, B] { y[a, b] = x[a, d] }
// STDERR:
//   error[E0403]: index `d` is on the right of `=` but not on the left
//    --> op_typo_index.nas:4:47
//     |
//   4 | op f(x: [A, B]) -> y: [A, B] { y[a, b] = x[a, d] }
//     |                                               ^
//     |                                ------- `y` does not have it
//     = help: `+=` sums over `d` (max= min= *= ... reduce otherwise); or keep it: add `d` to the subscripts of `y`
