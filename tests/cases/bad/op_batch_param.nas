// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0426]
op f(x: [C]) -> y: [C] {
    param w: [C] ~ zeros
    y[c] = x[c] * w[batch, c]
}
// STDERR:
//   error[E0426]: `w` is the same for every sample: it has no `batch`
//    --> op_batch_param.nas:6:21
//     |
//   6 |     y[c] = x[c] * w[batch, c]
//     |                     ^^^^^
