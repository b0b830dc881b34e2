// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0425]
op f(x: [C]) -> y: [C] {
    rank i: 3
    param w: [i] ~ zeros
    y[c] = x[c] * w[0]
}
// STDERR:
//   error[E0425]: `i` is an index; here a size is needed, known before anything runs
//    --> op_index_size.nas:6:15
//     |
//   6 |     param w: [i] ~ zeros
//     |               ^
