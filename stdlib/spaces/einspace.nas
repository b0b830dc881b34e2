// einspace (Ericsson et al., NeurIPS 2024): a grammar over sequences, branchings, routings and computations, in the
// notation of its rewrite, einsearch.
//
//     sequential(routing[im2col(3,1,1), computation<linear(64)>, col2im], computation<relu>)
//
// DIALECT 1 is the code of 2024: LayerNorm on sequences, leaky ReLU, col2im takes (oh, ow) from the im2col of its
// own routing and reshapes whatever divides.  DIALECT 2 is einsearch: BatchNorm over the sequence's positions, ReLU,
// col2im undoes any im2col before it.
//
// Three notations are read. The compact one above is printed; its brackets say which module they close. In the long one every bracket is
// [ ], and each operation is followed by the shape it gives, which is compared; in templates, of which the authors' seeds
// are made, every bracket is [ ], names of operations carry their numbers, and an operation may stand where a module is expected:
//
//     sequential[routing[im2col(3,1,1){'out_feature_shape': [1024, 27]}, ...
//     sequential[routing[im2col3k1s1p, computation[linear64], col2im], leakyrelu]
//
// A tensor is an image [C, H, W] or a sequence [S, D]; types alone decide what applies to which.  Alternatives of weight
// 0 are read and never drawn: operations of einspace that its sampler leaves out, but its seeds and authors write.
import std.nn

const DIALECT = 1
const CLASSES = 10
const P_COMPUTE = 0.32  // of computation, where a module is drawn

// ---- modules ---------------------------------------------------------------------------------

// A network is never a bare computation.
rule S(x) =
    x |> m:Module as "$m"
  | 0 -> x |> c:C as "computation<$c>" or "computation[$c]" or "computation[$c{'out_feature_shape': [${:shape}]}]"

rule M(x) =
    P_COMPUTE -> x |> c:C
      as "computation<$c>" or "computation[$c]" or "computation[$c{'out_feature_shape': [${:shape}]}]"
  | x |> m:Module         as "$m"
  | 0 -> x |> c:C         as "$c" or "$c{'out_feature_shape': [${:shape}]}"

// Two branches are drawn apart; four or eight are one module used n times, with parameters of their own.
inline rule Module(x) =
    3/9 -> x |> a:M |> b:M
      as "sequential($a, $b)" or "sequential[$a, $b]" or "sequential[$a $b]"
  | 1/9 -> { let p = b:B2(x); a:A2(l:M(p.0), r:M(p.1)) }
      as "branching(2){$b, $l, $r, $a}" or "branching(2)[$b, $l, $r, $a]" or "branching[$b, $l, $r, $a]" or "branching(2)[$b{'out_feature_shape': [${p:shape}]}, $l, $r, $a{'out_feature_shape': [${:shape}]}]"
  | for n in {4, 8}:
      1/9 -> { let p = b:BN[n](x); each m:M(p) |> a:AN[n] }
      as "branching($n){$b, $m, $a}" or "branching($n)[$b, $m, $a]" or "branching($n)[$b{'out_feature_shape': [${p:part}]}, $m, $a{'out_feature_shape': [${:shape}]}]"
  | 3/9 -> { let (y, oh, ow) = p:P(x); y |> m:M |> r:R[oh, ow] }
      as "routing[$p, $m, $r]" or "routing[$p{'out_feature_shape': [${y:shape}]}, $m, $r{'out_feature_shape': [${:shape}]}]"
  | for n in {4, 8}:
      0 -> { let m = once a:M; x |> repeat n { m } }        as "sequential($n)($a)" or "sequential($n)[$a]"

// ---- branching and aggregation ----------------------------------------------------------------

rule B2(x) =
    (x, x)                                             as "clone(2)" or "clone_tensor2" or "clone"
  | { let y = split1[2](x); (pick[0](y), pick[1](y)) } as "group(2,1)" or "group_dim2s1d"
  | { let y = split2[2](x); (pick[0](y), pick[1](y)) } as "group(2,2)" or "group_dim2s2d"
  | { let y = split3[2](x); (pick[0](y), pick[1](y)) } as "group(2,3)" or "group_dim2s3d"

rule BN[n](x) =
    clones[n](x) as "clone($n)" or "clone_tensor$n"
  | split1[n](x) as "group($n,1)" or "group_dim${n}s1d"
  | split2[n](x) as "group($n,2)" or "group_dim${n}s2d"
  | split3[n](x) as "group($n,3)" or "group_dim${n}s3d"

// The code of 2024 does not tie the number in cat(t, d) to the number of parts: with two parts it draws any t; with
// four or eight, a t that leaked from a branching inside the body may stand there, which is read.
const W2 = if DIALECT == 1 then 1/12 else 1/6
rule A2(a, b) =
    W2 -> dot(a, b)
      as "dot_product" or "matmul" or "dot_product(scaled=False)"
  | W2 -> scaled_dot(a, b)
      as "dot_product(scaled)" or "matmul(scaled)" or "dot_product(scaled=True)" or "scaled_dot_product"
  | W2 -> a + b                                                                  as "add(2)" or "add" or "add_tensors"
  | for t in {2, 4, 8}:
      (if t == 2 or DIALECT == 1 then W2 else 0) -> cat1(a, b) as "cat($t,1)" or "concat($t,1)" or "cat_tensors1d${t}t"
  | for t in {2, 4, 8}:
      (if t == 2 or DIALECT == 1 then W2 else 0) -> cat2(a, b) as "cat($t,2)" or "concat($t,2)" or "cat_tensors2d${t}t"
  | for t in {2, 4, 8}:
      (if t == 2 or DIALECT == 1 then W2 else 0) -> cat3(a, b) as "cat($t,3)" or "concat($t,3)" or "cat_tensors3d${t}t"

rule AN[n](x) =
    1/4 -> sum_of(x)                                              as "add($n)" or "add" or "add_tensors"
  | for t in {2, 4, 8}:
      (if t == n then 1/4 else 0) -> cat1_of(x) as "cat($t,1)" or "concat($t,1)" or "cat_tensors1d${t}t"
  | for t in {2, 4, 8}:
      (if t == n then 1/4 else 0) -> cat2_of(x) as "cat($t,2)" or "concat($t,2)" or "cat_tensors2d${t}t"
  | for t in {2, 4, 8}:
      (if t == n then 1/4 else 0) -> cat3_of(x) as "cat($t,3)" or "concat($t,3)" or "cat_tensors3d${t}t"

// ---- routing ------------------------------------------------------------------------------------

// P gives the (oh, ow) of its im2col beside the tensor, for R; 0 where it has none.
rule P(x) =
    (x, 0, 0)         as "identity"
  | (q:Perm(x), 0, 0) as "$q"
  | for (k, s, p) in {(1, 1, 0), (1, 2, 0), (3, 1, 1), (3, 2, 1), (4, 4, 0), (8, 8, 0), (16, 16, 0)}:
      { let y = im2col[k, s, p](x); (y, fold(y, 0, 0), fold(y, 0, 1)) } as "im2col($k,$s,$p)" or "im2col${k}k${s}s${p}p"
  | for (k, s, p) in {(5, 1, 2), (7, 1, 3), (7, 2, 3)}:
      0 -> { let y = im2col[k, s, p](x); (y, fold(y, 0, 0), fold(y, 0, 1)) }
      as "im2col($k,$s,$p)" or "im2col${k}k${s}s${p}p"

rule R[OH, OW](x) =
    x                                                           as "identity"
  | q:Perm(x)                                                   as "$q"
  | (if DIALECT == 1 then col2im_any[OH, OW](x) else col2im(x)) as "col2im"

inline rule Perm(x) =
    perm21(x)  as "perm(0,2,1)" or "permute(0,2,1)" or "permute21"
  | perm132(x) as "perm(0,1,3,2)" or "permute(0,1,3,2)" or "permute132"
  | perm213(x) as "perm(0,2,1,3)" or "permute(0,2,1,3)" or "permute213"
  | perm231(x) as "perm(0,2,3,1)" or "permute(0,2,3,1)" or "permute231"
  | perm312(x) as "perm(0,3,1,2)" or "permute(0,3,1,2)" or "permute312"
  | perm321(x) as "perm(0,3,2,1)" or "permute(0,3,2,1)" or "permute321"

// ---- computation --------------------------------------------------------------------------------

rule C(x) =
    x                                                                as "identity"
  | for d in {16, 32, 64, 128, 256, 512, 1024, 2048}: x |> linear[d] as "linear($d)" or "linear$d"
  | norm(x)                                                          as "norm"
  | act(x)                                                           as "relu" or "leakyrelu"
  | softmax(x)                                                       as "softmax"
  | pos_enc(x)
      as "pos_enc" or "pos-enc" or "learnable_positional_encoding"
  | for (f, t, v) in {(1, "1", "same"), (1/2, "0.5", "half"), (2, "2", "double"), (1/4, "0.25", "4th"), (4, "4", "x4"),
        (1/8, "0.125", "8th"), (8, "8", "x8")}:
      0 -> x |> linear[f * extent(x, -1)] as "linear(x$t)" or "linear_x($t)" or "linear_$v"
  | 0 -> x |> max_pool[3, 2]            as "maxpool(3,2,1)" or "maxpool" or "maxpool3k2s1p"

net norm(x: [C, H, W]) = batch_norm(x)
net norm(x: [S, D]) = if DIALECT == 1 then layer_norm(x) else batch_norm(x)
net act(x) = if DIALECT == 1 then leaky_relu(x) else relu(x)

// ---- the space ------------------------------------------------------------------------------------

net head[N](x: [C, H, W]) = x |> global_avg_pool |> linear[N]
net head[N](x: [S, D]) = x |> mean_last |> linear[N]

space einspace[C = 3, H = 32, W = 32](x: [C, H, W]) -> [CLASSES] {
    limit depth 20, nodes 10k, params 64M
    x |> s:S |> head[CLASSES]
} as "$s"

// ---- ops --------------------------------------------------------------------------------------------

op perm21(x: [A, B]) -> y: [B, A] { y[b, a] = x[a, b] }
op perm132(x: [A, B, C]) -> y: [A, C, B] { y[a, c, b] = x[a, b, c] }
op perm213(x: [A, B, C]) -> y: [B, A, C] { y[b, a, c] = x[a, b, c] }
op perm231(x: [A, B, C]) -> y: [B, C, A] { y[b, c, a] = x[a, b, c] }
op perm312(x: [A, B, C]) -> y: [C, A, B] { y[c, a, b] = x[a, b, c] }
op perm321(x: [A, B, C]) -> y: [C, B, A] { y[c, b, a] = x[a, b, c] }

// Patches in row-major order, one a row; the rows remember their (oh, ow).
op im2col[K, S, P](x: [C, H, W]) -> y: [(OH OW), (C K K)]
    where H >= K, W >= K, OH = floor((H + 2*P - K) / S) + 1, OW = floor((W + 2*P - K) / S) + 1
{ y[(oh ow), (c i j)] = pad(x[c, oh*S + i - P, ow*S + j - P], 0) }
op col2im(x: [(H W), D]) -> y: [D, H, W] { y[d, h, w] = x[(h w), d] }
// The transpose, row-major, cut into images: D channels where S = OH * OW.
op col2im_any[OH, OW](x: [S, D]) -> y: [N, OH, OW] where OH >= 1, OW >= 1, N = S * D / (OH*OW), N >= 1 {
    y[n, h, w] = x[((n*OH + h) * OW + w) % S, floor(((n*OH + h) * OW + w) / S)]
}

// n parts are a tensor with a leading axis of n.
op clones[N](x: [..]) -> y: [N, ..] { y[n, ..] = x[..] }
op split1[N](x: [A, ..]) -> y: [N, K, ..] where K = A/N { y[n, k, ..] = x[n*K + k, ..] }
op split2[N](x: [A, B, ..]) -> y: [N, A, K, ..] where K = B/N { y[n, a, k, ..] = x[a, n*K + k, ..] }
op split3[N](x: [A, B, C]) -> y: [N, A, B, K] where K = C/N { y[n, a, b, k] = x[a, b, n*K + k] }
op pick[I](x: [N, ..]) -> y: [..] { y[..] = x[I, ..] }

op sum_of(x: [N, ..]) -> y: [..] { y[..] += x[n, ..] }
op cat1_of(x: [N, A, ..]) -> y: [N*A, ..] { y[i, ..] = x[floor(i/A), i % A, ..] }
op cat2_of(x: [N, A, B, ..]) -> y: [A, N*B, ..] { y[a, i, ..] = x[floor(i/B), a, i % B, ..] }
op cat3_of(x: [N, A, B, C]) -> y: [A, B, N*C] { y[a, b, i] = x[floor(i/C), a, b, i % C] }

op cat1(a: [A, ..], b: [B, ..]) -> y: [A + B, ..] {
    y[i, ..]     = a[i, ..]
    y[A + j, ..] = b[j, ..]
}
op cat2(a: [P, A, ..], b: [P, B, ..]) -> y: [P, A + B, ..] {
    y[p, i, ..]     = a[p, i, ..]
    y[p, A + j, ..] = b[p, j, ..]
}
op cat3(a: [P, Q, A], b: [P, Q, B]) -> y: [P, Q, A + B] {
    y[p, q, i]     = a[p, q, i]
    y[p, q, A + j] = b[p, q, j]
}
op dot(a: [.., S, D], b: [.., D, T]) -> y: [.., S, T] { y[.., s, t] += a[.., s, d] * b[.., d, t] }
op scaled_dot(a: [.., S, D], b: [.., D, T]) -> y: [.., S, T] {
    z[.., s, t] += a[.., s, d] * b[.., d, t]
    y[.., s, t]  = z[.., s, t] / sqrt(D)
}
op mean_last(x: [S, D]) -> y: [S] {
    z[s] += x[s, d]
    y[s]  = z[s] / D
}
