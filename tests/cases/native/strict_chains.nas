// Chains of three ops have the bits of the cascade as written under strict arithmetic, special values among inputs and weights, on each engine.
// RUN: %{build}/tests/tools/strict %s -n 120 --engine ref --engine tape --engine llvm
// REQUIRES: llvm
// TIMEOUT: 120
// CHECK: 1440 runs
// CHECK: 0 differ, in 0 runs
import std.nn

rule I(x: [C, H, W]) =
    x |> conv[4, 3, 1] | x |> conv[4, 3, 2, BIAS = 1] | x |> conv[4, 1, 1, BIAS = 1] | x |> conv2d[4, K = 3, G = 2, L = 2, P = 2] | x |> depthwise_conv[3]
  | x |> batch_norm | x |> relu | x |> prelu | x |> relu6 | x |> leaky_relu | x |> elu | x |> selu | x |> max_pool[3, 1, 1] | x |> max_pool[2, 2, 0]
  | x |> hard_swish | x |> avg_pool[3] | x |> softplus | x |> avg_pool_padded[3] | x |> hard_sigmoid | x |> upsample[2] | x |> subsample[2]
  | x |> channel_shuffle[2] | x |> instance_norm | x |> hard_tanh | x |> group_norm[2] | x |> mish | x |> squeeze_excite[2] | x |> relu_squared
  | x |> pos_enc | x |> softmax | x |> log_softmax | x |> sigmoid | x |> tanh | x |> gelu | x |> silu | x |> layer_norm | x |> rms_norm | x |> linear[5] | x + x |> conv[C, 3]
  | x * x |> sigmoid | x - x |> relu | zeros(x) | x |> sgn | x |> flr | x |> md | x |> wv | x |> pw | x |> rs | x |> am | x |> mn | x |> pr | x |> lse 
  | x |> ints | x |> i8s | x |> filt | x |> filtmax | x |> cumul

op sgn(x: [..]) -> y: [..] { y[..] = sign(x[..]) }
op flr(x: [..]) -> y: [..] { y[..] = floor(x[..] * 3) - 0 }
op md(x: [..]) -> y: [..] { y[..] = x[..] % 0.3 }
op wv(x: [..]) -> y: [..] { y[..] = sin(x[..]) * cos(x[..]) + erf(x[..]) }
op pw(x: [..]) -> y: [..] { y[..] = pow(x[..], 2) + pow(abs(x[..]), 0.3) }
op rs(x: [..]) -> y: [..] { y[..] = rsqrt(x[..]) + log(x[..]) * exp(x[..]) }
op am(x: [.., M]) -> y: [.., M] { i[..] argmax= x[.., m]
y[.., m] = x[.., i[..]] + 0 }
op mn(x: [.., M]) -> y: [.., M] { i[..] min= x[.., m]
y[.., m] = min(x[.., m], i[..] * 2) }
op pr(x: [.., M]) -> y: [.., M] { i[..] *= x[.., m]
y[.., m] = x[.., m] + i[..] }
op lse(x: [.., M]) -> y: [.., M] { i[..] max= x[.., m]
 s[..] += exp(x[.., m] - i[..])
y[.., m] = select(x[.., m] > 0, i[..] + log(s[..]), x[.., m] / s[..]) }
op ints(x: [.., M]) -> y: [.., M] { k[..] argmax= x[.., m]
 y[.., m] = x[.., m] * (k[..] * 3 + 7) / 3 }
op i8s(x: [.., M]) -> y: [.., M] { k[..] argmin= x[.., m]
 y[.., m] = x[.., m] + k[..] * 0.1 }
op filt(x: [.., M]) -> y: [.., M] { s[..] += x[.., m] where m > 1
y[.., m] = x[.., m] / s[..] }
op filtmax(x: [.., M]) -> y: [.., M] { s[..] max= x[.., m] where m > 0
y[.., m] = x[.., m] - s[..] }
op cumul(x: [.., M]) -> y: [.., M] { y[.., m] += x[.., k] where k <= m }

space chains(x: [4, 6, 6]) -> [4, 6, 6] { x |> I |> I |> I }
