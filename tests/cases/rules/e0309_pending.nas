// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [r]) -> [r] { let y = relu(x);  let r = choose {3, 4};  y }
// STDERR:
//   error[E0309]: the type of input `x` depends on a name that has no value yet
//    --> e0309_pending.nas:4:9
//     |
//   4 | space s(x: [r]) -> [r] { let y = relu(x);  let r = choose {3, 4};  y }
//     |         ^^^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
