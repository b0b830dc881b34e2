// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0426]
op f(x: [C]) -> y: [C] {
    state m: [C] ~ zeros
    next m[c] = x[c]
    y[c] = x[c] - m[c]
}
// STDERR:
//   error[E0426]: state `m` is one for all samples, this value differs from sample to sample
//    --> op_batch_state.nas:6:5
//     |
//   6 |     next m[c] = x[c]
//     |     ^^^^^^^^^^^^^^^^
//     = help: reduce over `batch`: `s[c] += x[batch, c, ..]`
