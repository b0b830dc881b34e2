// RUN: nasc sample %s -n 1 --seed 1
// EXIT: 1
import std.nn
space s(x: [3, 8, 8], y: [3, 8, 9]) -> [3, 8, 8] = x |> conv[6] |> (z => z + y)
// STDERR:
//   error[E0502]: `add` does not apply to [6, 8, 8], [3, 8, 9]
//    --> e0502_op.nas:4:74
//     |
//   4 | space s(x: [3, 8, 8], y: [3, 8, 9]) -> [3, 8, 8] = x |> conv[6] |> (z => z + y)
//     |                                                                          ^^^^^
//    ::: %{root}/stdlib/prelude.nas:3:13
//     |
//   3 | op add(a: T[..], b: T[..]) -> y: T[..] { y[..] = a[..] + b[..] }
//     |             -- 6 here
//     |                       -- 3 here
//     = note: `add`: axis 0 of `b` is 3, it must be 6
//   error[E0690]: no architecture found for sample 0 of seed 1 in 1 attempts
