// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0421]
op f(x: [C]) -> y: [C] {
    state m: [C] ~ zeros
    m[c] = x[c]
    y[c] = m[c]
}
// STDERR:
//   error[E0421]: `m` is a state and cannot be defined by an equation
//    --> op_state_assign.nas:6:5
//     |
//   5 |     state m: [C] ~ zeros
//     |     -------------------- declared here
//   6 |     m[c] = x[c]
//     |     ^^^^
//     = help: `next m[...] = ...` gives its new value
