// Attention with grouped and sparse query heads, looped blocks, butterfly and wavelet transforms.
import std.nn

// grouped-query and sparse-query attention: HQ query heads share HK key heads
op gqa(q: [HQ, P, E], k: [HK, M, E], v: [HK, M, F]) -> y: [HQ, P, F] where G = HQ / HK {
    qk[h, p, m] += q[h, p, e] * k[floor(h / G), m, e]
    s[h, p, m]   = qk[h, p, m] / sqrt(E)
    mx[h, p]   max= s[h, p, m]
    ex[h, p, m]  = exp(s[h, p, m] - mx[h, p])
    z[h, p]     += ex[h, p, m]
    av[h, p, f] += ex[h, p, m] * v[floor(h / G), m, f]
    y[h, p, f]   = av[h, p, f] / z[h, p]
}
op causal(q: [.., P, E], k: [.., M, E], v: [.., M, F]) -> y: [.., P, F] where P == M {
    qk[.., p, m] += q[.., p, e] * k[.., m, e] where m <= p
    s[.., p, m]   = qk[.., p, m] / sqrt(E)
    mx[.., p]   max= s[.., p, m]
    ex[.., p, m]  = exp(s[.., p, m] - mx[.., p])
    z[.., p]     += ex[.., p, m]
    a[.., p, m]   = ex[.., p, m] / z[.., p]
    y[.., p, f]  += a[.., p, m] * v[.., m, f]
}
// SQA: fewer query heads than the model has, keys/values grouped further
rule Attention[D](x: [S, _]) = for (hq, hk) in {(16, 16), (8, 4), (8, 8), (4, 4)}: {
    let e = D / 16
    gqa(x |> linear[hq*e] |> heads[hq], x |> linear[hk*e] |> heads[hk], x |> linear[hk*e] |> heads[hk]) |> unheads |> linear[D]
} as "sqa(${hq},${hk})"
net gpt_block[H](x: [S, D]) = {
    let n = layer_norm(x)
    let y = x + (causal(n |> linear[D] |> heads[H], n |> linear[D] |> heads[H], n |> linear[D] |> heads[H]) |> unheads |> linear[D])
    y + (y |> layer_norm |> linear[4*D] |> gelu |> linear[D])
}
// looped: one block, the same parameters every round
net looped[N, H](x: [S, D]) = { let b = share gpt_block[H];  x |> repeat N { b } }
rule LoopedMix[D](x) = { let b = share a:Attention[D];  x |> repeat choose {4, 8, 12} { y => y + b(y) } } as "loop(${a})"
op monarch[M](x: [.., N]) -> y: [.., N] where M * M == N {
    param l: [M, M, M] ~ kaiming_uniform(M)
    param r: [M, M, M] ~ kaiming_uniform(M)
    rank i, j, k: M
    u[.., k, j] += x[.., k*M + i] * r[k, j, i]
    v[.., j, i] += u[.., k, j] * l[j, i, k]
    y[.., i*M + j] = v[.., j, i]
}
op haar2d(x: [C, H, W]) -> y: [4, C, H/2, W/2] {
    const s[a, i] = 1 - 2*a*i
    rank a, b, i, j: 2
    y[2*a + b, c, h, w] += x[c, 2*h + i, 2*w + j] * s[a, i] * s[b, j] / 2
}
op haar2d_table(x: [C, H, W]) -> y: [4, C, H/2, W/2] {
    const s: [2, 2] = [[1, 1], [1, -1]]
    y[2*a + b, c, h, w] += x[c, 2*h + i, 2*w + j] * s[a, i] * s[b, j] / 2
}

space looped_mix(x: [64, 256]) -> [64, 256] = x |> m:LoopedMix[256] as "${m}"
space looped_gpt[H = 4](x: [64, 256]) -> [64, 256] {
    let n = choose {4, 8}
    x |> looped[n, H]
} as "loop${n}"
space transforms(x: [1, 16, 16]) -> [64, 4] {
    let t = choose {"haar", "table"}
    let y = if t == "haar" then haar2d(x) else haar2d_table(x)
    y |> blocks |> monarch[2]
} as "${t}"
op blocks(x: [4, 1, H, W]) -> y: [H*W, 4] { y[h*W + w, k] = x[k, 0, h, w] }
