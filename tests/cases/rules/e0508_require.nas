// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [4]) { let k = choose {3, 5};  require k % 2 == 0;  x |> linear[k] } as "$k"
// STDERR:
//   error[E0508]: what is required here does not hold
//    --> e0508_require.nas:4:51
//     |
//   4 | space s(x: [4]) { let k = choose {3, 5};  require k % 2 == 0;  x |> linear[k] } as "$k"
//     |                                                   ^^^^^^^^^^
//   error[E0690]: no architecture found for sample 0 of seed 1 in 2000 attempts
