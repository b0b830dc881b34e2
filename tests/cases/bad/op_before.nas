// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0408]
op f(x: [C]) -> y: [C] {
    y[c] = t[c]
    t[c] = x[c] + 1
}
// STDERR:
//   error[E0408]: `t` is used before it is defined
//    --> op_before.nas:5:12
//     |
//   5 |     y[c] = t[c]
//     |            ^^^^
//   6 |     t[c] = x[c] + 1
//     |     --------------- it is defined here
