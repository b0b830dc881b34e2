// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0407]
op f(x: [C, K], z: [C, K]) -> y: [C] {
    y[c] += x[c, k]
    y[c] += z[c, k]
}
// STDERR:
//   error[E0407]: `y` is assigned twice
//    --> op_update.nas:6:5
//     |
//   5 |     y[c] += x[c, k]
//     |     --------------- first here
//   6 |     y[c] += z[c, k]
//     |     ^^^^^^^^^^^^^^^
//     = help: `+=` reduces, it does not update: give the second result a name of its own
