// A hundred thousand levels: said, not tried; the same where the text is one large bracket, to the left, to the right, or not closed.
// RUN: { printf '(%%.0s' $(seq 100000); printf a; printf ')%%.0s' $(seq 100000); echo; } | nasc parse %s || true
// RUN: { printf 'a+%%.0s' $(seq 100000); echo a; } | nasc parse %s || true
// RUN: { printf '(%%.0s' $(seq 100000); echo; } | nasc parse %s || true
// RUN: { printf '(%%.0s' $(seq 100); printf a; printf ')%%.0s' $(seq 100); echo; } | nasc parse %s --fields depth
// RUN: { printf 'sequential(%%.0s' $(seq 100000); printf 'computation<relu>'; printf ', computation<relu>)%%.0s' $(seq 100000); echo; } | \
// RUN:   nasc parse std.spaces.einspace --limit 'depth 1M, nodes 1M' || true
op id(x: [..]) -> y: [..] { y[..] = x[..] }
rule S(x) = id(x) as "a" | x |> r:S as "($r)" | x |> l:S |> id as "$l+a"
space s(x: [4]) -> [4] = x |> h:S as "$h"
// STDOUT:
//   {"depth": 101}
