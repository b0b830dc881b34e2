// Alternatives of weight 0 are read: the logarithm of 0 is no number of JSON.
// RUN: nasc parse %s b a -f jsonl --fields logp,readings
// RUN: nasc parse %s b --readings 1 -f jsonl --fields logp,share,derivation
op id(x: [..]) -> y: [..] { y[..] = x[..] }
rule S(x) = id(x) as "a" | 0 -> id(x) |> id as "b"
space s(x: [4]) -> [4] = x |> h:S as "$h"
// STDOUT:
//   {"logp": null, "readings": 1}
//   {"logp": 0, "readings": 1}
//   {"logp": null, "share": null, "derivation": "s.1(S.2)"}
