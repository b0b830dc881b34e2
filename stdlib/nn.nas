// nn.nas: layers.  A tensor is [C, H, W] (an image), [S, D] (a sequence of S positions) or anything, [..]; the batch is
// implicit.  Sizes are exact, floor() stands where a formula floors.

// ---- dense ---------------------------------------------------------------------------------------

op linear[D, BIAS = 1](x: [.., K]) -> y: [.., D] {
    param w: [D, K] ~ kaiming_uniform(K)
    z[.., d] += x[.., k] * w[d, k]
    if BIAS == 1 {
        param b: [D] ~ uniform(-1/sqrt(K), 1/sqrt(K))
        y[.., d] = z[.., d] + b[d]
    } else {
        y[.., d] = z[.., d]
    }
}

op matmul(a: [.., S, D], b: [.., D, T]) -> y: [.., S, T] { y[.., s, t] += a[.., s, d] * b[.., d, t] }

// Token i of a vocabulary of V is row i of a table.
op embed[V, D](x: i32[..]) -> y: [.., D] {
    param w: [V, D] ~ normal(0, 1)
    y[.., d] = w[x[..], d]
}

// ---- convolution ---------------------------------------------------------------------------------

// Kernel K, stride S, padding P, G groups, dilation L.
op conv[D, K = 3, S = 1, P = floor(K/2), G = 1, L = 1, BIAS = 0](x: [C, H, W]) -> y: [D, OH, OW]
    where OH = floor((H + 2*P - L*(K - 1) - 1) / S) + 1,
          OW = floor((W + 2*P - L*(K - 1) - 1) / S) + 1,
          CG = C / G, OH >= 1, OW >= 1, D % G == 0
{
    param w: [D, CG, K, K] ~ kaiming_normal(CG*K*K)
    z[d, oh, ow] += pad(x[floor(d*G / D)*CG + c, oh*S + L*i - P, ow*S + L*j - P], 0) * w[d, c, i, j]
    if BIAS == 1 {
        param b: [D] ~ uniform(-1/sqrt(CG*K*K), 1/sqrt(CG*K*K))
        y[d, oh, ow] = z[d, oh, ow] + b[d]
    } else {
        y[d, oh, ow] = z[d, oh, ow]
    }
}

// The same with a bias.
net conv2d[D, K = 3, S = 1, P = floor(K/2), G = 1, L = 1, BIAS = 1](x) = x |> conv[D, K, S, P, G, L, BIAS]

// One kernel per channel.
net depthwise_conv[K = 3, S = 1, P = floor(K/2), L = 1, BIAS = 0](x: [C, H, W]) = x |> conv[C, K, S, P, C, L, BIAS]
net separable_conv[D, K = 3, S = 1](x) = x |> depthwise_conv[K, S] |> conv[D, 1]

op conv1d[D, K = 3, S = 1, P = floor(K/2), G = 1, L = 1, BIAS = 1](x: [C, T]) -> y: [D, OT]
    where OT = floor((T + 2*P - L*(K - 1) - 1) / S) + 1, CG = C / G, OT >= 1, D % G == 0
{
    param w: [D, CG, K] ~ kaiming_normal(CG*K)
    z[d, t] += pad(x[floor(d*G / D)*CG + c, t*S + L*i - P], 0) * w[d, c, i]
    if BIAS == 1 {
        param b: [D] ~ uniform(-1/sqrt(CG*K), 1/sqrt(CG*K))
        y[d, t] = z[d, t] + b[d]
    } else {
        y[d, t] = z[d, t]
    }
}

net conv_bn_relu[D, K = 3, S = 1](x) = x |> conv[D, K, S] |> batch_norm |> relu
net relu_conv_bn[D, K = 3, S = 1](x) = x |> relu |> conv[D, K, S] |> batch_norm

// ---- pooling -------------------------------------------------------------------------------------

op max_pool[K = 3, S = 1, P = floor(K/2)](x: [C, H, W]) -> y: [C, OH, OW]
    where OH = floor((H + 2*P - K) / S) + 1, OW = floor((W + 2*P - K) / S) + 1, OH >= 1, OW >= 1
{
    rank i, j: K
    y[c, oh, ow] max= pad(x[c, oh*S + i - P, ow*S + j - P], -inf)
}

// Padding does not count.
op avg_pool[K = 3, S = 1, P = floor(K/2)](x: [C, H, W]) -> y: [C, OH, OW]
    where OH = floor((H + 2*P - K) / S) + 1, OW = floor((W + 2*P - K) / S) + 1, OH >= 1, OW >= 1
{
    rank i, j: K
    s[c, oh, ow] += pad(x[c, oh*S + i - P, ow*S + j - P], 0)
    n[oh, ow]    += 1 where oh*S + i >= P and oh*S + i < H + P and ow*S + j >= P and ow*S + j < W + P
    y[c, oh, ow]  = s[c, oh, ow] / n[oh, ow]
}

// Padding counts as zeros.
op avg_pool_padded[K = 3, S = 1, P = floor(K/2)](x: [C, H, W]) -> y: [C, OH, OW]
    where OH = floor((H + 2*P - K) / S) + 1, OW = floor((W + 2*P - K) / S) + 1, OH >= 1, OW >= 1
{
    rank i, j: K
    s[c, oh, ow] += pad(x[c, oh*S + i - P, ow*S + j - P], 0)
    y[c, oh, ow]  = s[c, oh, ow] / (K*K)
}

op global_avg_pool(x: [C, H, W]) -> y: [C] {
    s[c] += x[c, h, w]
    y[c]  = s[c] / (H*W)
}
op global_max_pool(x: [C, H, W]) -> y: [C] { y[c] max= x[c, h, w] }

// Over the positions of a sequence.
op mean_pool(x: [S, D]) -> y: [D] {
    t[d] += x[s, d]
    y[d]  = t[d] / S
}

// ---- resampling ----------------------------------------------------------------------------------

op upsample[F = 2](x: [C, H, W]) -> y: [C, F*H, F*W] { y[c, h, w] = x[c, floor(h/F), floor(w/F)] }
op subsample[F = 2](x: [C, H, W]) -> y: [C, OH, OW] where OH = floor((H - 1)/F) + 1, OW = floor((W - 1)/F) + 1 {
    y[c, h, w] = x[c, F*h, F*w]
}
op depth_to_space[R](x: [C, H, W]) -> y: [C/(R*R), R*H, R*W] {
    rank i, j: R
    rank c: C/(R*R)
    y[c, R*h + i, R*w + j] = x[(c*R + i)*R + j, h, w]
}
op space_to_depth[R](x: [C, H, W]) -> y: [C*R*R, H/R, W/R] {
    rank i, j: R
    y[(c*R + i)*R + j, h, w] = x[c, R*h + i, R*w + j]
}
op channel_shuffle[G](x: [C, ..]) -> y: [C, ..] {
    rank g: G
    rank c: C/G
    y[c*G + g, ..] = x[g*(C/G) + c, ..]
}

// ---- normalization -------------------------------------------------------------------------------

op batch_norm[EPS = 1e-5, MOM = 0.1](x: [C, ..]) -> y: [C, ..] {
    param g: [C] ~ ones
    param b: [C] ~ zeros
    state rm: [C] ~ zeros
    state rv: [C] ~ ones
    if training {
        let N = extent(batch) * extent(..)
        s[c] += x[batch, c, ..]
        m[c]  = s[c] / N
        q[c] += (x[batch, c, ..] - m[c]) * (x[batch, c, ..] - m[c])
        v[c]  = q[c] / N
        next rm[c] = (1 - MOM) * rm[c] + MOM * m[c]
        next rv[c] = (1 - MOM) * rv[c] + MOM * v[c] * N / (N - 1)
    } else {
        m[c] = rm[c]
        v[c] = rv[c]
    }
    y[c, ..] = (x[c, ..] - m[c]) * rsqrt(v[c] + EPS) * g[c] + b[c]
}

// Over the last axis.
op layer_norm[EPS = 1e-5](x: [.., D]) -> y: [.., D] {
    param g: [D] ~ ones
    param b: [D] ~ zeros
    s[..] += x[.., d]
    m[..]  = s[..] / D
    q[..] += (x[.., d] - m[..]) * (x[.., d] - m[..])
    y[.., d] = (x[.., d] - m[..]) * rsqrt(q[..] / D + EPS) * g[d] + b[d]
}
op rms_norm[EPS = 1e-6](x: [.., D]) -> y: [.., D] {
    param g: [D] ~ ones
    q[..] += x[.., d] * x[.., d]
    y[.., d] = x[.., d] * rsqrt(q[..] / D + EPS) * g[d]
}

// Each channel of each sample by itself.
op instance_norm[EPS = 1e-5](x: [C, ..]) -> y: [C, ..] {
    s[c] += x[c, ..]
    m[c]  = s[c] / extent(..)
    q[c] += (x[c, ..] - m[c]) * (x[c, ..] - m[c])
    y[c, ..] = (x[c, ..] - m[c]) * rsqrt(q[c] / extent(..) + EPS)
}
op group_norm[G, EPS = 1e-5](x: [C, ..]) -> y: [C, ..] where CG = C / G {
    param w: [C] ~ ones
    param b: [C] ~ zeros
    rank g: G
    rank c: CG
    s[g] += x[g*CG + c, ..]
    m[g]  = s[g] / (CG * extent(..))
    q[g] += (x[g*CG + c, ..] - m[g]) * (x[g*CG + c, ..] - m[g])
    y[g*CG + c, ..] = (x[g*CG + c, ..] - m[g]) * rsqrt(q[g] / (CG * extent(..)) + EPS) * w[g*CG + c] + b[g*CG + c]
}

// ---- activations ---------------------------------------------------------------------------------

op relu(x: [..]) -> y: [..]                   { y[..] = max(x[..], 0) }
op relu6(x: [..]) -> y: [..]                  { y[..] = min(max(x[..], 0), 6) }
op leaky_relu[A = 0.01](x: [..]) -> y: [..]   { y[..] = select(x[..] > 0, x[..], A * x[..]) }
op elu[A = 1](x: [..]) -> y: [..]             { y[..] = select(x[..] > 0, x[..], A * (exp(min(x[..], 0)) - 1)) }
op selu(x: [..]) -> y: [..] {
    y[..] = 1.0507009873554805 * select(x[..] > 0, x[..], 1.6732632423543772 * (exp(min(x[..], 0)) - 1))
}
op softplus(x: [..]) -> y: [..]               { y[..] = max(x[..], 0) + log(1 + exp(-abs(x[..]))) }
op hard_sigmoid(x: [..]) -> y: [..]           { y[..] = min(max(x[..] + 3, 0), 6) / 6 }
op hard_swish(x: [..]) -> y: [..]             { y[..] = x[..] * min(max(x[..] + 3, 0), 6) / 6 }
op hard_tanh(x: [..]) -> y: [..]              { y[..] = min(max(x[..], -1), 1) }
op sigmoid(x: [..]) -> y: [..]                { y[..] = sigmoid(x[..]) }
op tanh(x: [..]) -> y: [..]                   { y[..] = tanh(x[..]) }
op silu(x: [..]) -> y: [..]                   { y[..] = x[..] * sigmoid(x[..]) }
op gelu(x: [..]) -> y: [..]                   { y[..] = 0.5 * x[..] * (1 + erf(x[..] / sqrt(2))) }
op gelu_tanh(x: [..]) -> y: [..] {
    y[..] = 0.5 * x[..] * (1 + tanh(0.7978845608028654 * (x[..] + 0.044715 * x[..] * x[..] * x[..])))
}
op mish(x: [..]) -> y: [..] {
    p[..] = max(x[..], 0) + log(1 + exp(-abs(x[..])))
    y[..] = x[..] * tanh(p[..])
}
op relu_squared(x: [..]) -> y: [..]           { y[..] = max(x[..], 0) * max(x[..], 0) }
op prelu(x: [C, ..]) -> y: [C, ..] {
    param a: [C] ~ constant(0.25)
    y[c, ..] = max(x[c, ..], 0) + a[c] * min(x[c, ..], 0)
}

// Over the last axis.
op softmax(x: [.., M]) -> y: [.., M] {
    mx[..]  max= x[.., m]
    e[.., m]   = exp(x[.., m] - mx[..])
    s[..]     += e[.., m]
    y[.., m]   = e[.., m] / s[..]
}
op log_softmax(x: [.., M]) -> y: [.., M] {
    mx[..]  max= x[.., m]
    s[..]     += exp(x[.., m] - mx[..])
    y[.., m]   = x[.., m] - mx[..] - log(s[..])
}

// Gates: the first half of the last axis times a function of the second.
op glu(x: [.., D]) -> y: [.., D/2]      { rank d: D/2;  y[.., d] = x[.., d] * sigmoid(x[.., d + D/2]) }
op reglu(x: [.., D]) -> y: [.., D/2]    { rank d: D/2;  y[.., d] = x[.., d] * max(x[.., d + D/2], 0) }
op geglu(x: [.., D]) -> y: [.., D/2]    { rank d: D/2;  y[.., d] = x[.., d] * 0.5 * x[.., d + D/2] * (1 + erf(x[.., d + D/2] / sqrt(2))) }
op swiglu(x: [.., D]) -> y: [.., D/2]   { rank d: D/2;  y[.., d] = x[.., d] * x[.., d + D/2] * sigmoid(x[.., d + D/2]) }

// What training randomizes is the identity in inference.
op dropout[P = 0.5](x: [..]) -> y: [..] where P >= 0, P < 1   { y[..] = x[..] }
op drop_path[P = 0.1](x: [..]) -> y: [..] where P >= 0, P < 1 { y[..] = x[..] }

// ---- positions -----------------------------------------------------------------------------------

// Learned.
op pos_enc[SIGMA = 1](x: [..]) -> y: [..] {
    param p: [..] ~ normal(0, SIGMA)
    y[..] = x[..] + p[..]
}

// Sines and cosines of geometrically growing wavelengths, in turns.
op sinusoidal(x: [S, D]) -> y: [S, D] {
    y[s, d] = x[s, d] + select(d % 2 == 0, sin(s * exp(-log(10000) * d / D)), cos(s * exp(-log(10000) * (d - 1) / D)))
}

// Rotary: each pair of features is turned by an angle that grows with the position.
op rope(x: [.., S, D]) -> y: [.., S, D] where D % 2 == 0 {
    rank d: D/2
    y[.., s, 2*d]     = x[.., s, 2*d] * cos(s * exp(-log(10000) * 2*d / D)) - x[.., s, 2*d + 1] * sin(s * exp(-log(10000) * 2*d / D))
    y[.., s, 2*d + 1] = x[.., s, 2*d] * sin(s * exp(-log(10000) * 2*d / D)) + x[.., s, 2*d + 1] * cos(s * exp(-log(10000) * 2*d / D))
}

// ---- attention -----------------------------------------------------------------------------------

op attend(q: [.., P, E], k: [.., M, E], v: [.., M, F]) -> y: [.., P, F] {
    qk[.., p, m] += q[.., p, e] * k[.., m, e]
    s[.., p, m]   = qk[.., p, m] / sqrt(E)
    mx[.., p]   max= s[.., p, m]
    ex[.., p, m]  = exp(s[.., p, m] - mx[.., p])
    z[.., p]     += ex[.., p, m]
    a[.., p, m]   = ex[.., p, m] / z[.., p]
    y[.., p, f]  += a[.., p, m] * v[.., m, f]
}

// Position p sees the positions up to p.
op causal_attend(q: [.., P, E], k: [.., M, E], v: [.., M, F]) -> y: [.., P, F] where P == M {
    qk[.., p, m] += q[.., p, e] * k[.., m, e] where m <= p
    s[.., p, m]   = qk[.., p, m] / sqrt(E)
    mx[.., p]   max= s[.., p, m]
    ex[.., p, m]  = exp(s[.., p, m] - mx[.., p])
    z[.., p]     += ex[.., p, m]
    a[.., p, m]   = ex[.., p, m] / z[.., p]
    y[.., p, f]  += a[.., p, m] * v[.., m, f]
}

// HQ query heads share HK heads of keys and values.
op grouped_attend(q: [HQ, P, E], k: [HK, M, E], v: [HK, M, F]) -> y: [HQ, P, F] where G = HQ / HK, HQ % HK == 0 {
    qk[h, p, m] += q[h, p, e] * k[floor(h/G), m, e]
    s[h, p, m]   = qk[h, p, m] / sqrt(E)
    mx[h, p]   max= s[h, p, m]
    ex[h, p, m]  = exp(s[h, p, m] - mx[h, p])
    z[h, p]     += ex[h, p, m]
    a[h, p, m]   = ex[h, p, m] / z[h, p]
    y[h, p, f]  += a[h, p, m] * v[floor(h/G), m, f]
}

// The features of each position, split among N heads and put together again.
op heads[N](x: [S, K]) -> y: [N, S, K/N]        { y[n, s, d] = x[s, n*(K/N) + d] }
op unheads(x: [N, S, D]) -> y: [S, (N D)]       { y[s, (n d)] = x[n, s, d] }

// H heads, Q features in all of them together.
net mha[H, Q](x: [S, D]) =
    attend(x |> linear[Q] |> heads[H], x |> linear[Q] |> heads[H], x |> linear[Q] |> heads[H]) |> unheads |> linear[D]
net causal_mha[H, Q](x: [S, D]) =
    causal_attend(x |> linear[Q] |> heads[H], x |> linear[Q] |> heads[H], x |> linear[Q] |> heads[H]) |> unheads |> linear[D]
net ffn[M](x: [.., D]) = x |> linear[M] |> gelu |> linear[D]
net swiglu_ffn[M](x: [.., D]) = x |> linear[2*M, BIAS = 0] |> swiglu |> linear[D, BIAS = 0]
net residual[F](x) = x + (x |> F)                           // F: a stage
net prenorm[F](x) = x + (x |> layer_norm |> F)

// ---- recurrences ---------------------------------------------------------------------------------

op rnn[D](x: [T, K]) -> y: [T, D] {
    param wx: [D, K] ~ uniform(-1/sqrt(D), 1/sqrt(D))
    param wh: [D, D] ~ uniform(-1/sqrt(D), 1/sqrt(D))
    param b:  [D]    ~ zeros
    rank t: iter T
    init h[0, d] = 0
    gx[t, d] += x[t, k] * wx[d, k]
    gh[t, d] += h[t, e] * wh[d, e]
    h[t+1, d] = tanh(gx[t, d] + gh[t, d] + b[d])
    y[t, d]   = h[t+1, d]
}

// Gates in the order input, forget, cell, output.
op lstm[D](x: [T, K]) -> y: [T, D] {
    param wx: [4, D, K] ~ uniform(-1/sqrt(D), 1/sqrt(D))
    param wh: [4, D, D] ~ uniform(-1/sqrt(D), 1/sqrt(D))
    param b:  [4, D]    ~ zeros
    rank t: iter T
    init h[0, d] = 0
    init c[0, d] = 0
    gx[t, g, d] += x[t, k] * wx[g, d, k]
    gh[t, g, d] += h[t, e] * wh[g, d, e]
    z[t, g, d]   = gx[t, g, d] + gh[t, g, d] + b[g, d]
    c[t+1, d]    = sigmoid(z[t, 1, d]) * c[t, d] + sigmoid(z[t, 0, d]) * tanh(z[t, 2, d])
    h[t+1, d]    = sigmoid(z[t, 3, d]) * tanh(c[t+1, d])
    y[t, d]      = h[t+1, d]
}

// Gates in the order reset, update, new.
op gru[D](x: [T, K]) -> y: [T, D] {
    param wx: [3, D, K] ~ uniform(-1/sqrt(D), 1/sqrt(D))
    param wh: [3, D, D] ~ uniform(-1/sqrt(D), 1/sqrt(D))
    param bx: [3, D] ~ zeros
    param bh: [3, D] ~ zeros
    rank t: iter T
    init h[0, d] = 0
    px[t, g, d] += x[t, k] * wx[g, d, k]
    ph[t, g, d] += h[t, e] * wh[g, d, e]
    r[t, d] = sigmoid(px[t, 0, d] + ph[t, 0, d] + bx[0, d] + bh[0, d])
    u[t, d] = sigmoid(px[t, 1, d] + ph[t, 1, d] + bx[1, d] + bh[1, d])
    n[t, d] = tanh(px[t, 2, d] + bx[2, d] + r[t, d] * (ph[t, 2, d] + bh[2, d]))
    h[t+1, d] = (1 - u[t, d]) * n[t, d] + u[t, d] * h[t, d]
    y[t, d]   = h[t+1, d]
}

// A diagonal state space of N states per feature.
op s4d[N](x: [T, D]) -> y: [T, D] {
    param a: [D, N] ~ uniform(-1, 0)
    param b: [D, N] ~ ones
    param c: [D, N] ~ normal(0, 1)
    rank t: iter T
    init h[0, d, n] = 0
    h[t+1, d, n] = exp(a[d, n]) * h[t, d, n] + b[d, n] * x[t, d]
    y[t, d]     += c[d, n] * h[t+1, d, n]
}

op reverse(x: [T, D]) -> y: [T, D]  { y[t, d] = x[T - 1 - t, d] }
op first(x: [T, D]) -> y: [D]       { y[d] = x[0, d] }
op final(x: [T, D]) -> y: [D]       { y[d] = x[T - 1, d] }

// ---- moving data ---------------------------------------------------------------------------------

op zeros(x: [..]) -> y: [..]                                { y[..] = 0 }
op ones(x: [..]) -> y: [..]                                 { y[..] = 1 }
op identity(x: [..]) -> y: [..]                             { y[..] = x[..] }

// Zeros like x, with D channels.
op zeros_like[D](x: [_, ..]) -> y: [D, ..]                  { y[d, ..] = 0 }
op transpose(x: [.., A, B]) -> y: [.., B, A]                { y[.., b, a] = x[.., a, b] }
op flatten(x: [C, H, W]) -> y: [(C H W)]                    { y[(c h w)] = x[c, h, w] }
op to_sequence(x: [C, H, W]) -> y: [(H W), C]               { y[(h w), c] = x[c, h, w] }
op from_sequence(x: [(H W), D]) -> y: [D, H, W]             { y[d, h, w] = x[(h w), d] }
op concat(a: [C, ..], b: [D, ..]) -> y: [C + D, ..] {
    y[c, ..]     = a[c, ..]
    y[C + d, ..] = b[d, ..]
}
op concat_last(a: [.., C], b: [.., D]) -> y: [.., C + D] {
    y[.., c]     = a[.., c]
    y[.., C + d] = b[.., d]
}

// N channels from A on.
op slice[A, N](x: [C, ..]) -> y: [N, ..] where A >= 0, A + N <= C     { rank n: N;  y[n, ..] = x[A + n, ..] }
net narrow[D](x) = x |> slice[0, D]
op clones[N](x: [..]) -> y: [N, ..]                         { y[n, ..] = x[..] }
op sum_of(x: [N, ..]) -> y: [..]                            { y[..] += x[n, ..] }

// ---- blocks --------------------------------------------------------------------------------------

// Non-overlapping K x K patches as a sequence of D features.
net patches[D, K](x) = x |> conv[D, K, S = K, P = 0, BIAS = 1] |> to_sequence
op cls_token(x: [S, D]) -> y: [S + 1, D] {
    param t: [D] ~ normal(0, 0.02)
    y[0, d]     = t[d]
    y[s + 1, d] = x[s, d]
}

op scale(x: [C, ..], s: [C]) -> y: [C, ..]                  { y[c, ..] = x[c, ..] * s[c] }
net squeeze_excite[R = 4](x: [C, H, W]) =
    scale(x, x |> global_avg_pool |> linear[max(1, floor(C/R))] |> relu |> linear[C] |> hard_sigmoid)
