// What each construct of an op body computes, natively: as in values.nas.
// REQUIRES: llvm
// RUN: { printf '\223NUMPY\001\000v\000'; printf '%%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"; printf '\0\0\0\0'; } > x.npy
// RUN: nasc run %s s_cls --input x.npy --output y.npy && printf 'cls:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_tri --input x.npy --output y.npy && printf 'tri:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_shifted --input x.npy --output y.npy && printf 'shifted:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_twice --input x.npy --output y.npy && printf 'twice:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_inner --input x.npy --output y.npy && printf 'inner:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_best --input x.npy --output y.npy && printf 'best:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_band --input x.npy --output y.npy && printf 'band:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_scans --input x.npy --output y.npy && printf 'scans:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_ending --input x.npy --output y.npy && printf 'ending:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_haar --input x.npy --output y.npy && printf 'haar:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_wrap --input x.npy --output y.npy && printf 'wrap:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_functions --input x.npy --output y.npy && printf 'functions:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_product --input x.npy --output y.npy && printf 'product:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_empty --input x.npy --output y.npy && printf 'empty:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_gather --input x.npy --output y.npy && printf 'gather:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_folded --input x.npy --output y.npy && printf 'folded:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_halves --input x.npy --output y.npy && printf 'halves:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
op data(x: [1]) -> y: [3, 4] {
    const v: [3, 4] = [[4, 4, -4, -3], [3, 2, 1, -2], [1, 1, 1, -3]]
    y[s, d] = v[s, d] + 0 * x[0]
}
op cls(x: [S, D]) -> y: [S + 1, D] {
    param t: [D] ~ ones
    y[s, d] = select(s == 0, t[d], x[s - 1, d])         // the read is in range where it counts
}
space s_cls(x: [1]) -> [4, 4] = x |> data |> cls as "cls"
op tri(x: [S, D]) -> y: [S, D] {
    rank k: S
    y[s, d] += x[s - k, d] where k <= s
}
space s_tri(x: [1]) -> [3, 4] = x |> data |> tri as "tri"
op shifted(x: [S, D]) -> y: [S, D] {
    y[s, d] = x[s + 1, d] where s + 1 < S
    y[s, d] = 0 where s + 1 >= S
}
space s_shifted(x: [1]) -> [3, 4] = x |> data |> shifted as "shifted"
op twice(x: [S, D]) -> y: [2*S, D] {
    rank i: 2*S
    y[i, d] = select(i < S, x[i, d], -x[i - S, d])
}
space s_twice(x: [1]) -> [6, 4] = x |> data |> twice as "twice"
monoid total(n, s) { zero (0, 0);  lift (a, b) (1, a*b);  merge (a, b) (a.n + b.n, a.s + b.s) }
op inner(x: [S, D]) -> y: [S] {
    w[s] total= (x[s, d], x[s, d] + 1) where d >= s
    y[s] = w.s[s] / w.n[s]
}
space s_inner(x: [1]) -> [3] = x |> data |> inner as "inner"
op best(x: [S, D]) -> y: [S] {
    a[s] argmax= x[s, d]
    b[s] argmin= x[s, d]
    m[s] max= x[s, d]
    n[s] min= x[s, d]
    y[s] = 1000 * a[s] + 100 * b[s] + m[s] - n[s]
}
space s_best(x: [1]) -> [3] = x |> data |> best as "best"
op band(x: [S, D]) -> y: [S] {
    b[i, j] = x[i, j] where j <= i                      // absent above the diagonal
    s[i] += b[S - 1 - i, k] where k >= 1
    y[i] = s[i] + select(i >= 1, b[i, 0], 0)
}
space s_band(x: [1]) -> [3] = x |> data |> band as "band"
op scans(x: [T, D]) -> y: [T, D] {
    rank t: iter T
    init a[0, d] = 0
    init b[0, d] = 0
    a[t+1, d] = a[t, d] + x[t, d]
    b[t+1, d] = b[t, d] + a[T - t, d]                   // needs all of a: a scan of its own
    y[t, d] = b[t+1, d]
}
space s_scans(x: [1]) -> [3, 4] = x |> data |> scans as "scans"
op ending(x: [T, D]) -> y: [D] {
    rank t: iter T
    init h[0, d] = 1
    h[t+1, d] = h[t, d] * 2 + x[t, d]
    y[d] = h[last(t), d]
}
space s_ending(x: [1]) -> [4] = x |> data |> ending as "ending"
op haar(x: [C, W]) -> y: [2, C, W/2] {
    const s: [2, 2] = [[1, 1], [1, -1]]
    const r[a, i] = 1 - a*i/2
    y[a, c, h] += x[c, 2*h + i] * s[a, i] * r[a, i]
}
space s_haar(x: [1]) -> [2, 3, 2] = x |> data |> haar as "haar"
op wrap(x: [S, D]) -> y: [2*D] { y[n] = x[0, n % D] + x[1, floor(n/2)] }
space s_wrap(x: [1]) -> [8] = x |> data |> wrap as "wrap"
op functions(x: [S, D]) -> y: [D] { y[d] = abs(x[0, d]) + sign(x[1, d]) + floor(x[2, d] / 2) + pow(2, d) + sqrt(4) + min(d, 2) + max(d, 2) }
space s_functions(x: [1]) -> [4] = x |> data |> functions as "functions"
op product(x: [S, D]) -> y: [S] { y[s] *= x[s, d] }
space s_product(x: [1]) -> [3] = x |> data |> product as "product"
op empty(x: [S, D]) -> y: [S] {
    n[s] += x[s, d] where d > 10
    c[s] += 1 where d > 10 and s >= 0 and d < D
    rank d: D
    y[s] = n[s] / c[s] + 1                              // a mean of nothing reads 0
}
space s_empty(x: [1]) -> [3] = x |> data |> empty as "empty"
op gather(x: [S, D]) -> y: [S, D] {
    const p: i32[3] = [2, 0, 1]
    y[s, d] = x[p[s], d]
}
space s_gather(x: [1]) -> [3, 4] = x |> data |> gather as "gather"
op fold(x: [S, D]) -> y: [(S D)] { y[(s d)] = x[s, d] }
op unfold(x: [(S D)]) -> y: [D, S] { y[d, s] = x[(s d)] }
net folded(x) = x |> fold |> unfold
space s_folded(x: [1]) -> [4, 3] = x |> data |> folded as "folded"
op halves[A](x: [S, D]) -> y: [S, D] {
    rank i: A
    rank j: D - A
    y[s, i] = x[s, i + D - A]
    if A >= 2 { y[s, A + j] = x[s, j] } else { y[s, A + j] = 0 * x[s, j] }
}
space s_halves(x: [1]) -> [3, 4] = x |> data |> halves[2] as "halves"
// STDOUT:
//   cls: 1 1 1 1 4 4 -4 -3 3 2 1 -2 1 1 1 -3
//   tri: 4 4 -4 -3 7 6 -3 -5 8 7 -2 -8
//   shifted: 3 2 1 -2 1 1 1 -3 0 0 0 0
//   twice: 4 4 -4 -3 3 2 1 -2 1 1 1 -3 -4 -4 4 3 -3 -2 -1 2 -1 -1 -1 3
//   inner: 14.5 3.3333333 4
//   best: 208 305 304
//   band: 2 5 1
//   scans: 8 7 -2 -8 15 13 -5 -13 19 17 -9 -16
//   ending: 31 29 -5 -11
//   haar: 8 -7 5 -1 2 -2 2 -2.5 2 2 0.5 2.5
//   wrap: 7 7 -2 -1 5 5 -6 -5
//   functions: 10 12 15 15
//   product: 192 -12 -3
//   empty: 1 1 1
//   gather: 1 1 1 -3 4 4 -4 -3 3 2 1 -2
//   folded: 4 3 1 4 2 1 -4 1 1 -3 -2 -3
//   halves: -4 -3 4 4 1 -2 3 2 1 -3 1 1
