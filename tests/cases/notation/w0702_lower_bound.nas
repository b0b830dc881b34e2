// More derivations than are summed up: what is given is a lower bound, and says so.
// RUN: nasc parse %s "$(yes a | head -n 100 | tr '\n' ' ')" --fields sum
// CHECK: {"sum": "at least"}
// CHECK-ERR: warning[W0702]: this text can be read in more ways than are summed up: its probability is at least what is given
// CHECK-ERR: = help: brackets in the notation
// CHECK-ERR: warning[W0701]: this can be read in two ways
op id(x: [..]) -> y: [..] { y[..] = x[..] }
rule S(x) = 0.5 -> id(x) as "a" | 0.5 -> x |> l:S |> r:S as "$l $r"
space s(x: [4]) -> [4] = x |> h:S as "$h"
