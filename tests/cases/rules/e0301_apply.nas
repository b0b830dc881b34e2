// RUN: nasc check %s
// EXIT: 1
import std.nn
const K = 3
net f(x) = x |> 3
net g(x) = K(x)
net h(x) = x |> (x, x) |> relu
// STDERR:
//   error[E0301]: this is not a function: only ops, rules, nets and `y => ..` apply
//    --> e0301_apply.nas:5:17
//     |
//   5 | net f(x) = x |> 3
//     |                 ^
//   error[E0301]: this is not a function: only ops, rules, nets and `y => ..` apply
//    --> e0301_apply.nas:6:12
//     |
//   6 | net g(x) = K(x)
//     |            ^
//   error[E0301]: this is not a function: only ops, rules, nets and `y => ..` apply
//    --> e0301_apply.nas:7:17
//     |
//   7 | net h(x) = x |> (x, x) |> relu
//     |                 ^^^^^^
