// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0427]
op f(x: [C]) -> y: [C] {
    x[c] = 1
    y[c] = x[c]
}
// STDERR:
//   error[E0427]: `x` is an input and cannot be defined by an equation
//    --> op_assign_input.nas:5:5
//     |
//   4 | op f(x: [C]) -> y: [C] {
//     |      - declared here
//   5 |     x[c] = 1
//     |     ^^^^
