// RUN: nasc check %s
// EXIT: 1
import std.nn
rule A(x) = 0.7 -> x as "a" | 0.6 -> relu(x) as "b" | tanh(x) as "c"
space s(x: [4]) { let k = choose {0.8 -> 1, 0.4 -> 2, 3};  x |> a:A |> linear[k] } as "$a $k"
// STDERR:
//   error[E0601]: the weights given add up to 1.3: nothing is left for the alternatives without one
//    --> e0601_above_one.nas:4:1
//     |
//   4 | rule A(x) = 0.7 -> x as "a" | 0.6 -> relu(x) as "b" | tanh(x) as "c"
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//   error[E0601]: the weights given add up to 1.2: nothing is left for the options without one
//    --> e0601_above_one.nas:5:27
//     |
//   5 | space s(x: [4]) { let k = choose {0.8 -> 1, 0.4 -> 2, 3};  x |> a:A |> linear[k] } as "$a $k"
//     |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
