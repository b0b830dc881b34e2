// Every op and net of std.nn in small networks, in inference and in training: native code is what the evaluator says.
// RUN: for s in images pools sequences gates recurrent tokens patched; do for t in "" --training; do \
// RUN: nasc bench %s $s -n 1 --min-time 0 --repeat 1 --verify $t >/dev/null || echo "$s $t"; done; done 2>&1 | sed 's/: .*//'; \
// RUN: perl -ne 'print "$1\n" if /^(?:op|net) (\w+)/' %{root}/stdlib/nn.nas | sort -u | while read f; do grep -qw $f %s || echo "$f is not used here"; done
// REQUIRES: llvm
// TIMEOUT: 300
import std.nn

space images(x: [8, 8, 8]) -> [10] {
    x |> conv[8, 3, 1, BIAS = 1] |> batch_norm |> relu |> conv2d[8, K = 3, G = 2, L = 2, P = 2] |> prelu |> depthwise_conv[3] |> relu6
      |> separable_conv[8] |> leaky_relu |> conv_bn_relu[8] |> elu |> relu_conv_bn[8] |> selu
      |> max_pool[2, 2, 0] |> hard_swish |> avg_pool[3] |> softplus |> avg_pool_padded[3] |> hard_sigmoid
      |> upsample[2] |> subsample[2] |> depth_to_space[2] |> space_to_depth[2] |> channel_shuffle[2]
      |> instance_norm |> hard_tanh |> group_norm[2] |> mish |> squeeze_excite[4] |> relu_squared
      |> dropout |> drop_path |> slice[0, 6] |> narrow[4] |> pos_enc |> flatten |> linear[10]
}
space pools(x: [4, 6, 6]) -> [6] {
    let a = x |> global_avg_pool
    let b = x |> global_max_pool
    let c = x |> to_sequence |> mean_pool
    (a + b * c) |> linear[6] |> sigmoid
}
space sequences(x: [6, 8]) -> [6, 8] {
    let a = x |> sinusoidal |> rope |> prenorm[mha[2, 8]] |> rms_norm |> residual[ffn[12]] |> swiglu_ffn[8]
    let b = x |> layer_norm |> causal_mha[2, 8] |> log_softmax |> transpose |> transpose
    let q = x |> heads[4]
    let kv = x |> linear[4] |> heads[2]
    let g = grouped_attend(q, kv, kv) |> unheads
    a + b + g - (x |> softmax |> tanh) + attend(x, g, b) * causal_attend(x, g, b)
}
space gates(x: [6, 8]) -> [12] {
    let g = concat_last(concat_last(x |> glu, x |> reglu), concat_last(x |> geglu, x |> swiglu)) |> silu
    let s = x |> transpose |> conv1d[8, 3, G = 2] |> gelu_tanh |> transpose |> reverse
    let t = matmul(g, s |> linear[16] |> transpose) |> cls_token
    concat(t |> first, t |> final)
}
space recurrent(x: [5, 4]) -> [8] {
    let a = x |> rnn[4] |> lstm[4] |> gru[4] |> s4d[2]
    let b = x |> ones |> linear[4] |> identity
    let c = concat((a + x) |> final, b / 3 |> first)
    c |> clones[3] |> sum_of |> gelu
}
space tokens(x: i32[6]) -> [6, 8] { x |> embed[12, 8] |> scaled }
net scaled(x: [S, D]) = scale(x, x |> transpose |> transpose |> mean_rows)
op mean_rows(x: [S, D]) -> y: [S] { t[s] += x[s, d];  y[s] = t[s] / D }
space patched(x: [3, 8, 8]) -> [4, 4, 4] {
    let p = x |> patches[4, 2]
    let q = p |> from_sequence
    q + (x |> subsample[2] |> zeros_like[4]) + zeros(q)
}
// STDOUT:
//   verified
//   verified
//   verified
//   verified
//   verified
//   verified
//   verified
//   verified
//   verified
//   verified
//   verified
//   verified
//   verified
//   verified
