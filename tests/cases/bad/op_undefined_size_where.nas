// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0343]
op f[K](x: [Chan]) -> y: [C2] where C2 = Cham * K { y[c] = x[0] }
// STDERR:
//   error[E0343]: size `Cham` is not defined
//    --> op_undefined_size_where.nas:4:42
//     |
//   4 | op f[K](x: [Chan]) -> y: [C2] where C2 = Cham * K { y[c] = x[0] }
//     |                                          ^^^^
//     = help: did you mean `Chan`?
