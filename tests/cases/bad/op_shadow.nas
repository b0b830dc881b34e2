// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0345]
op f[C](C: [N]) -> y: [N] { y[n] = C[n] }
// STDERR:
//   error[E0345]: `C` cannot name an input: it already names an attribute of this op
//    --> op_shadow.nas:4:9
//     |
//   4 | op f[C](C: [N]) -> y: [N] { y[n] = C[n] }
//     |         ^
//     |      - here
