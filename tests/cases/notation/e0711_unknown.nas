// A macro that is none, nearly one.
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
text both(l, r) = `seq($l, $r)`
arch a in s = `${bot("same", "same")}`
// STDERR:
//   error[E0711]: `bot` is no parameter, `text` or const here
//     --> e0711_unknown.nas:13:18
//      |
//   13 | arch a in s = `${bot("same", "same")}`
//      |                  ^^^
//      = help: did you mean `both`?
