// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0404]
op f(x: [C, H]) -> y: [C, H] { y[c, h] += pad(x[c, h + i - 1], 0) }
// STDERR:
//   error[E0404]: nothing says what index `i` ranges over
//    --> op_no_range.nas:4:56
//     |
//   4 | op f(x: [C, H]) -> y: [C, H] { y[c, h] += pad(x[c, h + i - 1], 0) }
//     |                                                        ^
//     = note: it stands alone in no axis of an input, a parameter or an output
//     = help: declare it: `rank i: N`
