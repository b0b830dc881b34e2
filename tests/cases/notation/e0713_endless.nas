// A macro that never ends.
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
text deep(n) = `seq(same, ${deep(n + 1)})`
arch a in s = `${deep(0)}`
// STDERR:
//   error[E0713]: `deep` expands without end: 64 macros inside each other
//     --> e0713_endless.nas:12:29
//      |
//   12 | text deep(n) = `seq(same, ${deep(n + 1)})`
//      |                             ^^^^^^^^^^^
