// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0432]
op f[B](x: [C]) -> y: [C] {
    if B == 1 { param w: [C] ~ zeros }
    y[c] = x[c] * w[c]
}
// STDERR:
//   error[E0432]: `w` exists only where `B == 1`
//    --> op_case_param.nas:6:19
//     |
//   5 |     if B == 1 { param w: [C] ~ zeros }
//     |                 -------------------- declared here
//   6 |     y[c] = x[c] * w[c]
//     |                   ^^^^
