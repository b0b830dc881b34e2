// Attention and other ways to mix the positions of a sequence, as ops one can read.
//     nasc sample examples/attn.nas sqa -n 5
//     nasc show examples/attn.nas gpt -D D=32 -D S=16 --arch gpt
import std.nn

// Grouped queries: HQ query heads share HK heads of keys and values.
op gqa(q: [HQ, P, E], k: [HK, M, E], v: [HK, M, F]) -> y: [HQ, P, F] where G = HQ/HK, HQ % HK == 0 {
    qk[h, p, m] += q[h, p, e] * k[floor(h/G), m, e]
    s[h, p, m]   = qk[h, p, m] / sqrt(E)
    mx[h, p]  max= s[h, p, m]
    ex[h, p, m]  = exp(s[h, p, m] - mx[h, p])
    z[h, p]     += ex[h, p, m]
    av[h, p, f] += ex[h, p, m] * v[floor(h/G), m, f]
    y[h, p, f]   = av[h, p, f] / z[h, p]
}

// Position p sees positions m <= p: the others are absent, so softmax is over what is left.
op causal(q: [.., P, E], k: [.., M, E], v: [.., M, F]) -> y: [.., P, F] where P == M {
    qk[.., p, m] += q[.., p, e] * k[.., m, e] where m <= p
    s[.., p, m]   = qk[.., p, m] / sqrt(E)
    mx[.., p]  max= s[.., p, m]
    ex[.., p, m]  = exp(s[.., p, m] - mx[.., p])
    z[.., p]     += ex[.., p, m]
    a[.., p, m]   = ex[.., p, m] / z[.., p]
    y[.., p, f]  += a[.., p, m] * v[.., m, f]
}

// ---- sparse queries: fewer query heads than the width has, keys and values grouped further ----

rule Attention[D](x: [S, _]) = for (hq, hk) in {(16, 16), (8, 4), (8, 8), (4, 4)}: {
    let e = D/16
    let q = x |> linear[hq*e] |> heads[hq]
    let k = x |> linear[hk*e] |> heads[hk]
    let v = x |> linear[hk*e] |> heads[hk]
    gqa(q, k, v) |> unheads |> linear[D]
} as "sqa($hq,$hk)"
space sqa[D = 256, S = 64, N = 2](x: [S, D]) -> [S, D] =
    x |> repeat N { y => y + (y |> layer_norm |> a:Attention[D]) } as "${a|; }"

// ---- a decoder, and the same one looped ----

net gpt_block[H](x: [S, D]) {
    let n = layer_norm(x)
    let q = n |> linear[D] |> heads[H]
    let k = n |> linear[D] |> heads[H]
    let v = n |> linear[D] |> heads[H]
    let y = x + (causal(q, k, v) |> unheads |> linear[D])
    y + (y |> layer_norm |> linear[4*D] |> gelu |> linear[D])
}
space gpt[V = 1000, S = 64, D = 128, H = 4, N = 4](x: i32[S]) -> [S, V] =
    x |> embed[V, D] |> pos_enc |> repeat N { gpt_block[H] } |> layer_norm |> linear[V] as "gpt"

// One block with one set of parameters, used every round.
net looped[N, H](x: [S, D]) {
    let b = share gpt_block[H]
    x |> repeat N { b }
}
rule LoopedMix[D](x) = {
    let b = share a:Attention[D]
    let n = choose {4, 8, 12}
    x |> repeat n { y => y + b(y) }
} as "loop$n($a)"
space loops[D = 128, S = 32](x: [S, D]) -> [S, D] = x |> l:LoopedMix[D] |> looped[3, 4] as "$l"

// ---- structured matrices and wavelets ----

// A Monarch matrix: two block-diagonal factors and a permutation between them.
op monarch[M](x: [.., N]) -> y: [.., N] where M*M == N {
    param l: [M, M, M] ~ kaiming_uniform(M)
    param r: [M, M, M] ~ kaiming_uniform(M)
    rank i, j, k: M
    u[.., k, j]   += x[.., k*M + i] * r[k, j, i]
    v[.., j, i]   += u[.., k, j] * l[j, i, k]
    y[.., i*M + j] = v[.., j, i]
}

// One level of the Haar transform: four images of half the size; the signs as a formula, and as a table.
op haar2d(x: [C, H, W]) -> y: [4, C, H/2, W/2] {
    const s[a, i] = 1 - 2*a*i
    rank a, b, i, j: 2
    y[2*a + b, c, h, w] += x[c, 2*h + i, 2*w + j] * s[a, i] * s[b, j] / 2
}
op haar2d_table(x: [C, H, W]) -> y: [4, C, H/2, W/2] {
    const s: [2, 2] = [[1, 1], [1, -1]]
    rank a, b, i, j: 2
    y[2*a + b, c, h, w] += x[c, 2*h + i, 2*w + j] * s[a, i] * s[b, j] / 2
}
op bands(x: [4, C, H, W]) -> y: [4*C, H, W] {
    rank b: 4
    y[b*C + c, h, w] = x[b, c, h, w]
}

rule Mixer(x: [S, D]) = x |> linear[D] as "dense" | x |> monarch[8] as "monarch"
rule Wavelet(x) = x |> haar2d as "haar" | x |> haar2d_table as "haar_table"
space wavelet_mixer[C = 3, H = 16](x: [C, H, H]) -> [10] =
    x |> w:Wavelet |> bands |> conv[64, 1] |> to_sequence |> m:Mixer |> mean_pool |> linear[10] as "$w $m"
