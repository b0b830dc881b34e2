// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0407]
op f(x: [C]) -> y: [C] {
    t[c] = x[c]
    t[c] = x[c] + 1
    y[c] = t[c]
}
// STDERR:
//   error[E0407]: `t` is assigned twice
//    --> op_twice.nas:6:5
//     |
//   5 |     t[c] = x[c]
//     |     ----------- first here
//   6 |     t[c] = x[c] + 1
//     |     ^^^^^^^^^^^^^^^
//     = help: give the second result a name of its own
