// What tests/golden/make.py computes with NumPy, one space each.
import std.nn

op dilated[D](x: [C, H, W]) -> y: [D, H, W] {
    param w: [D, C, 3, 3] ~ kaiming_normal(C*9)
    y[d, h, w1] += pad(x[c, h + 2*i - 2, w1 + 2*j - 2], 0) * w[d, c, i, j]
}
op prefix(x: [T, D]) -> y: [T, D] { y[t, d] += x[s, d] where s <= t }

monoid welford(n, mean, m2) {
    zero (0, 0, 0)
    lift (x) (1, x, 0)
    merge (a, b) {
        let d = b.mean - a.mean
        let n = a.n + b.n
        (n, a.mean + d * b.n / n, a.m2 + b.m2 + d * d * a.n * b.n / n)
    }
}
op variance(x: [.., D]) -> y: [..] {
    w[..] welford= x[.., d]
    y[..] = w.m2[..] / D
}
op im2col[K, S, P](x: [C, H, W]) -> y: [(OH OW), (C K K)]
    where OH = floor((H + 2*P - K) / S) + 1, OW = floor((W + 2*P - K) / S) + 1, OH >= 1, OW >= 1
{
    y[(oh ow), (c i j)] = pad(x[c, oh*S + i - P, ow*S + j - P], 0)
}
op col2im(x: [(H W), D]) -> y: [D, H, W] { y[d, h, w] = x[(h w), d] }

op argbest(x: [.., K]) -> y: i32[..] { y[..] argmax= x[.., k] }

space g_softmax(x: [5, 12]) -> [5, 12] = x |> softmax
space g_attention(x: [7, 6]) -> [7, 6] = x |> m:Attention
rule Attention(x: [S, D]) = x |> mha[2, 4] as "mha"
space g_causal(x: [7, 6]) -> [7, 6] = x |> m:Causal
rule Causal(x: [S, D]) = x |> causal_mha[2, 4] as "mha"
space g_layer_norm(x: [4, 10]) -> [4, 10] = x |> layer_norm
space g_lstm(x: [6, 5]) -> [6, 4] = x |> lstm[4]
space g_prefix(x: [9, 3]) -> [9, 3] = x |> prefix
space g_welford(x: [4, 25]) -> [4] = x |> variance
space g_max_pool(x: [2, 7, 6]) -> [2, 4, 3] = x |> max_pool[3, 2]
space g_dilated(x: [3, 8, 7]) -> [4, 8, 7] = x |> dilated[4]
space g_grouped(x: [4, 7, 6]) -> [6, 4, 3] = x |> conv[6, S = 2, G = 2, BIAS = 1]
space g_unfold(x: [2, 6, 5]) -> [4, 3, 3] = x |> im2col[3, 2, 1] |> linear[4] |> col2im
space g_each(x: [5, 4]) -> [5, 6] = (each[3] E(x)) |> sum_of
rule E(x) = x |> linear[6] |> gelu as "e"
space g_argmax(x: [6, 9]) -> i32[6] = x |> argbest
space g_embed(x: i32[7]) -> [7, 3] = x |> embed[11, 3]
