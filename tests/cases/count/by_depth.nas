// Weights and conditions that read the depth: counted by depth, and in all where that makes an end.
// RUN: nasc count %s ends -f text 2>&1
// RUN: nasc count %s endless -f text --max-depth 4 2>&1
// RUN: nasc check %s
import std.nn

rule A(x) = relu(x) as "r" | x |> a:A |> b:A where depth < 3 as "($a $b)"
rule B(x) = (if depth < 3 then 1/4 else 3/4) -> relu(x) as "r" | x |> a:B |> b:B as "($a $b)"

space ends(x: [8, 8]) -> [8, 8] { x |> a:A } as "$a"
space endless(x: [8, 8]) -> [8, 8] { x |> b:B } as "$b"
// STDOUT:
//     depth                  derivations up to it                             that type
//         0                                     0                                     0
//         1                                     1                                     1
//         2                                     2                                     2
//         3                                     5                                     5
//   ends: 5 derivations in all, of depth 3 at most; types left out
//   to depth 3, 5 of them type and are within the limits, 5 different texts
//     depth                  derivations up to it                             that type
//         0                                     0                                     0
//         1                                     1                                     1
//         2                                     2                                     2
//         3                                     5                                     5
//         4                                    26                                    26
//   endless: there is no end to its derivations; types left out
//   to depth 4, 26 of them type and are within the limits, 26 different texts
//   by_depth.nas: 0 ops, 2 rules, 0 nets
//
//   space ends
//       rule              alternatives       draws  terminals
//       A                            2           3          2
//       a network                                3          2
//       derivations     5, types left out
//       something reads `depth`: from depth 100 on all is taken as it is there
//
//   space endless
//       rule              alternatives       draws  terminals
//       B                            2           7          4
//       a network                                7          4
//       rate of growth  0.500; critical at a share of 0.5 for alternative 1 of `B` (it is 0.75)
//       derivations     44,127,887,745,906,175,987,802 to depth 8, types left out
//       something reads `depth`: from depth 100 on all is taken as it is there
