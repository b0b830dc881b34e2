// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0422]
monoid total(n, s) { zero (0, 0);  lift (x) (1, x);  merge (a, b) (a.n + b.n, a.s + b.s) }
op f(x: [C, K]) -> y: [C] {
    w[c] total= x[c, k]
    y[c] = w.mean[c]
}
// STDERR:
//   error[E0422]: monoid of `w` has no part `mean`
//    --> op_monoid_part.nas:7:12
//     |
//   7 |     y[c] = w.mean[c]
//     |            ^^^^^^
