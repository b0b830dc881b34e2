// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0432]
op f[B](x: [C]) -> y: [C] {
    if B == 1 { y[c] = x[c] }
}
// STDERR:
//   error[E0432]: output `y` is not written where `B == 1` is false
//    --> op_case_missing.nas:4:20
//     |
//   4 | op f[B](x: [C]) -> y: [C] {
//     |                    ^
