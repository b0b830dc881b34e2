// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0413]
op f(x: [C]) -> y: [C, C] { y[i, j] = x[i * j] }
// STDERR:
//   error[E0413]: a subscript multiplies indices by sizes only
//    --> op_product_index.nas:4:41
//     |
//   4 | op f(x: [C]) -> y: [C, C] { y[i, j] = x[i * j] }
//     |                                         ^^^^^
