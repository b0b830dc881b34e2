// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0416]
op f(x: [T]) -> y: [T] {
    init h[0] = 0
    y[t] = x[t]
}
// STDERR:
//   error[E0416]: `init` begins a recurrence; `h` has none
//    --> op_only_init.nas:5:5
//     |
//   5 |     init h[0] = 0
//     |     ^^^^^^^^^^^^^
//     = help: a recurrence reads `h[t+1, ...] = ...` with `rank t: iter N`
