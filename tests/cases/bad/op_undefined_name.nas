// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0402]
op f(x: [C]) -> y: [C] { y[c] = x[c] * alpha }
// STDERR:
//   error[E0402]: `alpha` is not defined: no size, no tensor, no index that a subscript or `rank` gives a range
//    --> op_undefined_name.nas:4:40
//     |
//   4 | op f(x: [C]) -> y: [C] { y[c] = x[c] * alpha }
//     |                                        ^^^^^
