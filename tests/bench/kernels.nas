// The kernels that tests/bench/kernels.c times, each a space of one word.  Convolutions and poolings are chains of N that share their
// weights: what leads into the chain and out of it (other layouts) weighs 1/N, as it would in a network.
import std.nn

rule Conv[K](x: [C, H, W]) = x |> conv[C, K] as "conv"
rule Depthwise(x: [C, H, W]) = x |> depthwise_conv[3] as "depthwise"

space conv_chain[C = 16, H = 32, K = 3, N = 8](x: [C, H, H]) -> [C, H, H] {
    let f = share Conv[K]
    x |> repeat N { f }
} as "conv_chain"
space depthwise_chain[C = 16, H = 32, N = 8](x: [C, H, H]) -> [C, H, H] {
    let f = share Depthwise
    x |> repeat N { f }
} as "depthwise_chain"
space pool_chain[C = 16, H = 32, N = 8](x: [C, H, H]) -> [C, H, H] = x |> repeat N { avg_pool[3] } as "pool_chain"
space strided[C = 16, H = 32](x: [C, H, H]) -> [2*C, H/2, H/2] = x |> conv[2*C, 3, 2] as "strided"

space product[N = 64](a: [N, N], b: [N, N]) -> [N, N] = matmul(a, b) as "product"
space packed[M = 64, K = 64, N = 64](x: [M, K]) -> [M, N] = x |> linear[N, 0] as "packed"
space rows_softmax[S = 64, D = 64](x: [S, D]) -> [S, D] = softmax(x) as "rows_softmax"
space rows_norm[S = 64, D = 64](x: [S, D]) -> [S, D] = layer_norm(x) as "rows_norm"
