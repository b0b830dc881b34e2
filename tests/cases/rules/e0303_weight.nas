// RUN: nasc check %s
// EXIT: 1
import std.nn
rule A(x) = relu(x) -> x as "a" | _ -> relu(x) where tanh(x) as "b"
net f(x) = x |> A
// STDERR:
//   error[E0303]: a weight cannot apply the op `relu`: it is computed from numbers, types and `depth`
//    --> e0303_weight.nas:4:13
//     |
//   4 | rule A(x) = relu(x) -> x as "a" | _ -> relu(x) where tanh(x) as "b"
//     |             ^^^^
//   error[E0303]: a condition cannot apply the op `tanh`: it is computed from numbers, types and `depth`
//    --> e0303_weight.nas:4:54
//     |
//   4 | rule A(x) = relu(x) -> x as "a" | _ -> relu(x) where tanh(x) as "b"
//     |                                                      ^^^^
