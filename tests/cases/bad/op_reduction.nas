// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0410]
op f(x: [C, K]) -> y: [C] { y[c] mix= x[c, k] }
// STDERR:
//   error[E0410]: `mix=` is no reduction
//    --> op_reduction.nas:4:29
//     |
//   4 | op f(x: [C, K]) -> y: [C] { y[c] mix= x[c, k] }
//     |                             ^^^^^^^^^^^^^^^^^
//     = note: reductions are += *= max= min= argmax= argmin=, and name= for a declared `monoid`
//     = help: did you mean `max=`?
