// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0421]
op f(x: [C]) -> y: [C] {
    next m[c] = 0
    y[c] = x[c]
}
// STDERR:
//   error[E0421]: `next` gives a state its new value; `m` is none
//    --> op_next_temp.nas:5:10
//     |
//   5 |     next m[c] = 0
//     |          ^^^^
