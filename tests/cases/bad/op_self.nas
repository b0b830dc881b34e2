// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0434]
op f(x: [C]) -> y: [C] {
    t[c] = t[c] + x[c]
    y[c] = t[c]
}
// STDERR:
//   error[E0434]: `t` is defined by itself
//    --> op_self.nas:5:12
//     |
//   5 |     t[c] = t[c] + x[c]
//     |            ^^^^
//     = help: a recurrence steps an iterative rank: `rank t: iter N`, `init t[0] = ...`, `t[t+1] = ... t[t] ...`
