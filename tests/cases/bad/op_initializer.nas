// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0419]
op f(x: [C]) -> y: [C] {
    param w: [C] ~ kaming_uniform(C)
    y[c] = x[c] * w[c]
}
// STDERR:
//   error[E0419]: this is no initializer
//    --> op_initializer.nas:5:20
//     |
//   5 |     param w: [C] ~ kaming_uniform(C)
//     |                    ^^^^^^^^^^^^^^^^^
//     = help: did you mean `kaiming_uniform`?
