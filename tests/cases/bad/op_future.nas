// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0417]
op f(x: [T]) -> y: [T] {
    rank t: iter T
    init h[0] = 0
    g[t] = h[T - t] + x[t]
    h[t+1] = h[t] + g[t]
    y[t] = h[t+1]
}
// STDERR:
//   error[E0417]: inside the recurrence `h` can be read at `t` (the round before) or `t + 1` (this one) only
//    --> op_future.nas:7:12
//     |
//   7 |     g[t] = h[T - t] + x[t]
//     |            ^^^^^^^^
//     = note: round `t` can use only what rounds up to it made
