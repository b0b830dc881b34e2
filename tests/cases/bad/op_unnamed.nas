// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0341]
op f(x: [C]) -> [C] { y[c] = x[c] }
// STDERR:
//   error[E0341]: an output of an op needs a name
//    --> op_unnamed.nas:4:17
//     |
//   4 | op f(x: [C]) -> [C] { y[c] = x[c] }
//     |                 ^^^
//     = help: write `-> y: ...`, and define `y` in the body
