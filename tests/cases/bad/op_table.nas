// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0420]
op f(x: [C, 2]) -> y: [C, 2] {
    const s: [2, 2] = [[1, 1], [1]]
    y[c, i] += x[c, j] * s[i, j]
}
// STDERR:
//   error[E0420]: axis 1 of the table has 2 entries by its type, here are 1
//    --> op_table.nas:5:32
//     |
//   5 |     const s: [2, 2] = [[1, 1], [1]]
//     |                                ^^^
//     |                  - declared here
