// Two alternatives of one spelling, one of which types: no ambiguity.
// RUN: nasc parse %s --format jsonl 'shrink'
// EXIT: 0
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
op half(x: [K]) -> y: [D] where D = K / 2 { y[d] = x[2*d] }
rule H(x) = x |> half as "shrink" | x |> lin[1] as "shrink"
space s(x: [3]) -> [3] = x |> h:H |> lin[3] as "$h"
// STDOUT:
//   {"space": "s", "seed": null, "index": 0, "id": "16cd6b094ab2920752a5e44beef83a72", "logp": -0.6931471805599453, "readings": 1, "sum": "exact", "depth": 1, "nodes": 2, "params": 6, "macs": 6, "arch": "shrink"}
