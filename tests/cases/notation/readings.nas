// All derivations of a text are summed up: Catalan numbers of them.
// RUN: nasc parse %s 'a' 'a a' 'a a a' 'a a a a a a a a a a a a a a a a a a a a' --fields logp,readings,sum,depth 2>/dev/null
// RUN: nasc parse %s 'a a a a' --readings 9 --fields reading,share,derivation 2>/dev/null
// RUN: nasc show %s --arch 'a a a a' -f jsonl | wc -l
// RUN: nasc parse %s 'a a a' --fields readings
op id(x: [..]) -> y: [..] { y[..] = x[..] }
rule S(x) = 0.5 -> id(x) as "a" | 0.5 -> x |> l:S |> r:S as "$l $r"
space s(x: [4]) -> [4] = x |> h:S as "$h"
// STDOUT:
//   {"logp": -0.6931471805599453, "readings": 1, "sum": "exact", "depth": 1}
//   {"logp": -2.0794415416798357, "readings": 1, "sum": "exact", "depth": 2}
//   {"logp": -2.772588722239781, "readings": 2, "sum": "exact", "depth": 3}
//   {"logp": -5.740042075277033, "readings": 1767263190, "sum": "exact", "depth": 15}
//   {"reading": 1, "share": 0.19999999999999996, "derivation": "s.1(S.2(S.2(S.1, S.2(S.1, S.1)), S.1))"}
//   {"reading": 2, "share": 0.19999999999999996, "derivation": "s.1(S.2(S.2(S.2(S.1, S.1), S.1), S.1))"}
//   {"reading": 3, "share": 0.19999999999999996, "derivation": "s.1(S.2(S.1, S.2(S.1, S.2(S.1, S.1))))"}
//   {"reading": 4, "share": 0.19999999999999996, "derivation": "s.1(S.2(S.1, S.2(S.2(S.1, S.1), S.1)))"}
//   {"reading": 5, "share": 0.19999999999999996, "derivation": "s.1(S.2(S.2(S.1, S.1), S.2(S.1, S.1)))"}
//   4
//   {"readings": 2}
// STDERR:
//   warning[W0701]: this can be read in two ways
//    --> <arch>:1:1
//     |
//   1 | a a a
//     | ^^^^^
//    ::: readings.nas:7:35
//     |
//   7 | rule S(x) = 0.5 -> id(x) as "a" | 0.5 -> x |> l:S |> r:S as "$l $r"
//     |                                   --------------------------------- by this alternative
//     = note: one reading: S.2(S.1, S.2(S.1, S.1))
//     = note: another reading: S.2(S.2(S.1, S.1), S.1)
