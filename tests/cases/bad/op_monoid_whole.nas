// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0422]
monoid total(n, s) { zero (0, 0);  lift (x) (1, x);  merge (a, b) (a.n + b.n, a.s + b.s) }
op f(x: [C, K]) -> y: [C] {
    w[c] total= x[c, k]
    y[c] = w[c]
}
// STDERR:
//   error[E0422]: `w` has several parts: say which
//    --> op_monoid_whole.nas:7:12
//     |
//   7 |     y[c] = w[c]
//     |            ^
//     = help: `w.n` is one of them
