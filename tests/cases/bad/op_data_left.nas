// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0428]
op f(x: i32[S], v: [S]) -> y: [10] { y[x[s]] += v[s] }
// STDERR:
//   error[E0428]: a left side cannot be indexed by data
//    --> op_data_left.nas:4:40
//     |
//   4 | op f(x: i32[S], v: [S]) -> y: [10] { y[x[s]] += v[s] }
//     |                                        ^^^^
