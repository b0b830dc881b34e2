// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0422]
monoid total(n, s) { zero (0, 0);  lift (x) (1, x, x);  merge (a, b) (a.n + b.n, a.s + b.s) }
op f(x: [C, K]) -> y: [C] {
    w[c] total= x[c, k]
    y[c] = w.n[c]
}
// STDERR:
//   error[E0422]: the state of this monoid has 2 parts, here are 3
//    --> op_monoid_arity.nas:4:45
//     |
//   4 | monoid total(n, s) { zero (0, 0);  lift (x) (1, x, x);  merge (a, b) (a.n + b.n, a.s + b.s) }
//     |                                             ^^^^^^^^^
