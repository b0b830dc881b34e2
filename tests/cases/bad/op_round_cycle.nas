// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0417]
op f(x: [T]) -> y: [T] {
    rank t: iter T
    init h[0] = 0
    init c[0] = 0
    h[t+1] = h[t] + c[t+1]
    c[t+1] = c[t] + h[t+1] + x[t]
    y[t] = h[t+1]
}
// STDERR:
//   error[E0417]: within a round `h` depends on itself
//    --> op_round_cycle.nas:8:5
//     |
//   8 |     h[t+1] = h[t] + c[t+1]
//     |     ^^^^^^^^^^^^^^^^^^^^^^
