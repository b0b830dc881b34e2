// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0433]
op f(x: [P, M]) -> y: [P, M] { y[p, m] = x[p, m] where m <= p }
// STDERR:
//   error[E0433]: points of output `y` are absent: it is written only where `m <= p`
//    --> op_absent.nas:4:32
//     |
//   4 | op f(x: [P, M]) -> y: [P, M] { y[p, m] = x[p, m] where m <= p }
//     |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//     = help: add an equation for the other points, or `select(c, ..., 0)`
