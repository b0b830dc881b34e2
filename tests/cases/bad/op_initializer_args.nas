// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0419]
op f(x: [C]) -> y: [C] {
    param w: [C] ~ uniform(1)
    y[c] = x[c] * w[c]
}
// STDERR:
//   error[E0419]: initializer `uniform` takes 2 numbers, given 1
//    --> op_initializer_args.nas:5:20
//     |
//   5 |     param w: [C] ~ uniform(1)
//     |                    ^^^^^^^^^^
