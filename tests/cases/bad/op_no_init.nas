// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0416]
op f(x: [T]) -> y: [T] {
    rank t: iter T
    h[t+1] = h[t] + x[t]
    y[t] = h[t+1]
}
// STDERR:
//   error[E0416]: the recurrence of `h` has no beginning
//    --> op_no_init.nas:6:5
//     |
//   6 |     h[t+1] = h[t] + x[t]
//     |     ^^^^^^^^^^^^^^^^^^^^
//     = help: add `init h[0, ...] = ...`
