// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0432]
op f[B](x: [C]) -> y: [C] {
    if B == 1 { t[c] = x[c] }
    y[c] = t[c]
}
// STDERR:
//   error[E0432]: `t` is not defined where `B == 1` is false
//    --> op_case_used.nas:6:12
//     |
//   5 |     if B == 1 { t[c] = x[c] }
//     |                 - defined only in another case
//   6 |     y[c] = t[c]
//     |            ^^^^
