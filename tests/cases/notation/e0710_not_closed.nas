// A hole of an architecture without its brace.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule E(x) = id(x) as "same" | for d in {1, 4}: lin[d](x) as "lin($d)"
rule H(x) = x |> e:E as "$e" | x |> a:H |> b:H as "seq($a, $b)"
space s(x: [4]) -> [3] = x |> h:H |> lin[3] as "$h"
arch a in s = `seq(${"same", same)`
// STDERR:
//   error[E0710]: `${` without its `}`
//     --> e0710_not_closed.nas:12:20
//      |
//   12 | arch a in s = `seq(${"same", same)`
//      |                    ^
//      = help: `$$` is a dollar
