// Arithmetic on a text.
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
text lin2(d) = `lin(${d / 2})`
arch a in s = `${lin2("eight")}`
// STDERR:
//   error[E0712]: a number is needed here, this is a text
//     --> e0712_text.nas:12:23
//      |
//   12 | text lin2(d) = `lin(${d / 2})`
//      |                       ^
