// RUN: nasc check %s
// EXIT: 1
// CHECK-ERR: error[E0418]
op f(x: [T]) -> y: [] { y = x[last(t)] }
// STDERR:
//   error[E0418]: `last` takes an index of an iterative rank
//    --> op_last.nas:4:36
//     |
//   4 | op f(x: [T]) -> y: [] { y = x[last(t)] }
//     |                                    ^
//     = help: declare it: `rank t: iter N`
