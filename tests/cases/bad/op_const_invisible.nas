// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0402]
const SCALE = 2
op f(x: [C]) -> y: [C] { y[c] = x[c] * SCALE }
// STDERR:
//   error[E0402]: `SCALE` is not defined: no size, no tensor, no index that a subscript or `rank` gives a range
//    --> op_const_invisible.nas:5:40
//     |
//   5 | op f(x: [C]) -> y: [C] { y[c] = x[c] * SCALE }
//     |                                        ^^^^^
//     = help: constants of the file are not visible in an op: give it an attribute `SCALE`
