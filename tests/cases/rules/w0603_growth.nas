// RUN: nasc check %s
// Two draws where one was, three times out of four.
import std.nn

const P = 1/4
rule A(x) =
    P -> relu(x) as "relu"
  | x |> a:A |> b:A as "($a $b)"

space s(x: [8, 8]) -> [8, 8] { x |> a:A } as "$a"
// STDOUT:
//   w0603_growth.nas: 0 ops, 1 rule, 0 nets
//
//   space s
//       rule              alternatives       draws  terminals
//       A                            2    infinite   infinite
//       a network                         infinite   infinite
//       rate of growth  1.50; critical at P = 0.5 (it is 0.25); ends with probability 0.3333
//       derivations     44,127,887,745,906,175,987,802 to depth 8, types left out
// STDERR:
//   warning[W0603]: derivations of `s` grow at a rate of 1.50: their expected size is infinite
//    --> w0603_growth.nas:6:1
//     |
//   6 | rule A(x) =
//     | ^^^^^^^^^^^
//     = note: left to itself a derivation ends with probability 0.3333; limits cut the others off
//     = help: the rate is 1 at P = 0.5 (it is 0.25)
