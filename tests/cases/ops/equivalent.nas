// Two ways to write one thing give one result: every number printed is 1 where they differ by more than rounding.
// RUN: { printf '\223NUMPY\001\000v\000'; printf '%%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"; printf '\0\0\0\0'; } > x.npy
// RUN: nasc run %s s_attention --input x.npy --output y.npy --backend ref && printf 'attention:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_causal --input x.npy --output y.npy --backend ref && printf 'causal:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_softmax --input x.npy --output y.npy --backend ref && printf 'softmax:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_variance --input x.npy --output y.npy --backend ref && printf 'variance:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
// RUN: nasc run %s s_concat --input x.npy --output y.npy --backend ref && printf 'concat:' && od -An -w1024 -tf4 -j128 y.npy | tr -s ' '
import std.nn

op data(x: [1]) -> y: [4, 3] {
    const v: [4, 3] = [[4, 4, -4], [-3, 3, 2], [1, -2, 1], [1, 1, -3]]
    y[s, d] = v[s, d] / 3 + 0 * x[0]
}
op differ(a: [..], b: [..]) -> y: [..] { y[..] = select(abs(a[..] - b[..]) > 1e-5, 1, 0) }

// Attention in one pass over the keys, two at a time.
op one_pass(q: [P, E], k: [M, E], v: [M, F]) -> y: [P, F] where M % 2 == 0 {
    rank m0: 2
    rank m1: iter M / 2
    init rm[0, p] = -inf
    init rd[0, p] = 0
    init rnv[f, 0, p] = 0
    qk[m1, m0, p] += q[p, e] * k[2*m1 + m0, e]
    s[m1, m0, p]   = qk[m1, m0, p] / sqrt(E)
    lm[m1, p]    max= s[m1, m0, p]
    rm[m1+1, p]    = max(rm[m1, p], lm[m1, p])
    sl[m1, m0, p]  = exp(s[m1, m0, p] - rm[m1+1, p])
    ld[m1, p]     += sl[m1, m0, p]
    lnv[f, m1, p] += sl[m1, m0, p] * v[2*m1 + m0, f]
    c[m1, p]       = exp(rm[m1, p] - rm[m1+1, p])
    rd[m1+1, p]    = ld[m1, p] + rd[m1, p] * c[m1, p]
    rnv[f, m1+1, p] = lnv[f, m1, p] + rnv[f, m1, p] * c[m1, p]
    y[p, f] = rnv[f, last(m1), p] / rd[last(m1), p]
}
net attention(x) = differ(one_pass(x, x, x), attend(x, x, x))
space s_attention(x: [1]) -> [4, 3] = x |> data |> attention as "attention"

// A mask of large negative numbers in place of absent points.
op masked(q: [P, E], k: [M, E], v: [M, F]) -> y: [P, F] {
    qk[p, m] += q[p, e] * k[m, e]
    s[p, m]   = select(m <= p, qk[p, m] / sqrt(E), -1e9)
    mx[p]   max= s[p, m]
    e[p, m]   = exp(s[p, m] - mx[p])
    z[p]     += e[p, m]
    y[p, f]  += e[p, m] / z[p] * v[m, f]
}
net causal(x) = differ(masked(x, x, x), causal_attend(x, x, x))
space s_causal(x: [1]) -> [4, 3] = x |> data |> causal as "causal"

// The running maximum and sum as one reduction.
monoid peak(m, s) {
    zero (-inf, 0)
    lift (x) (x, 1)
    merge (a, b) {
        let m = max(a.m, b.m)
        (m, select(a.s > 0, a.s * exp(a.m - m), 0) + select(b.s > 0, b.s * exp(b.m - m), 0))
    }
}
op online(x: [.., M]) -> y: [.., M] {
    w[..] peak= x[.., m]
    y[.., m] = exp(x[.., m] - w.m[..]) / w.s[..]
}
net softmaxes(x) = differ(online(x), softmax(x))
space s_softmax(x: [1]) -> [4, 3] = x |> data |> softmaxes as "softmax"

monoid welford(n, mean, m2) {
    zero (0, 0, 0)
    lift (x) (1, x, 0)
    merge (a, b) {
        let n = a.n + b.n
        let d = b.mean - a.mean
        (n, select(n > 0, a.mean + d * b.n / n, 0), a.m2 + b.m2 + select(n > 0, d * d * a.n * b.n / n, 0))
    }
}
op once_over(x: [.., D]) -> y: [.., D] {
    w[..] welford= x[.., d]
    y[.., d] = (x[.., d] - w.mean[..]) * rsqrt(w.m2[..] / w.n[..] + 1e-5)
}
net variances(x) = differ(once_over(x), layer_norm(x))
space s_variance(x: [1]) -> [4, 3] = x |> data |> variances as "variance"

op chosen(a: [C, ..], b: [D, ..]) -> y: [C + D, ..] {
    y[c, ..] = select(c < C, pad(a[c, ..], 0), pad(b[c - C, ..], 0))
}
net joined(x) = differ(chosen(x, x |> slice[1, 2]), concat(x, x |> slice[1, 2]))
space s_concat(x: [1]) -> [6, 3] = x |> data |> joined as "concat"
// STDOUT:
//   attention: 0 0 0 0 0 0 0 0 0 0 0 0
//   causal: 0 0 0 0 0 0 0 0 0 0 0 0
//   softmax: 0 0 0 0 0 0 0 0 0 0 0 0
//   variance: 0 0 0 0 0 0 0 0 0 0 0 0
//   concat: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
