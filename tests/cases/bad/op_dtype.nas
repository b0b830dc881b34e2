// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0348]
op f(x: [N]) -> y: f31[N] { y[n] = x[n] }
// STDERR:
//   error[E0348]: `f31` is neither a dtype nor one that an input names
//    --> op_dtype.nas:4:20
//     |
//   4 | op f(x: [N]) -> y: f31[N] { y[n] = x[n] }
//     |                    ^^^^^^
//     = help: did you mean `f32`?
