// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0431]
op f(x: [C]) -> y: [C] {
    rank i: 3
    rank i: 4
    y[c] += x[c] * i
}
// STDERR:
//   error[E0431]: rank `i` is declared twice
//    --> op_rank_twice.nas:6:10
//     |
//   5 |     rank i: 3
//     |          - first here
//   6 |     rank i: 4
//     |          ^
