// DARTS (Liu et al. 2019): a normal and a reduction cell, drawn once and stacked, in the notation of its genotypes.
//     nasc sample examples/darts.nas -n 3 -D C=8 -D N=1
import std.nn

net sep_conv[C, K, S](x: [A, H, W]) =
    x |> relu |> depthwise_conv[K, S] |> conv[A, 1] |> batch_norm |> relu |> depthwise_conv[K] |> conv[C, 1]
      |> batch_norm
net dil_conv[C, K, S](x: [A, H, W]) = x |> relu |> conv[A, K, S, P = K - 1, G = A, L = 2] |> conv[C, 1] |> batch_norm

// Half the resolution: two convolutions of stride 2, one of them moved by a pixel.
op moved(x: [C, H, W]) -> y: [C, H, W] { y[c, h, w] = pad(x[c, h + 1, w + 1], 0) }
net factorized_reduce[C](x) {
    let y = relu(x)
    concat(y |> conv[C/2, 1, 2, 0], y |> moved |> conv[C/2, 1, 2, 0]) |> batch_norm
}

rule Op[C, S](x) =
    x |> max_pool[3, S]                               as "max_pool_3x3"
  | x |> avg_pool[3, S]                               as "avg_pool_3x3"
  | (if S == 1 then x else x |> factorized_reduce[C]) as "skip_connect"
  | for k in {3, 5}: x |> sep_conv[C, k, S]           as "sep_conv_${k}x${k}"
  | for k in {3, 5}: x |> dil_conv[C, k, S]           as "dil_conv_${k}x${k}"

// A node adds two of the values before it; those of the cell's inputs (0 and 1) are strided in a reduction cell.
rule Node[C, S](t) =
    for j in {1 .. len(t) - 1}: for i in {0 .. j - 1}:
      a:Op[C, if i < 2 then S else 1](t.(i)) + b:Op[C, if j < 2 then S else 1](t.(j)) as "('$a', $i), ('$b', $j)"

rule Cell[C, S](a, b) = {
    let t = (fit[C, extent(b, 1)](a), fit[C, extent(b, 1)](b)) |> repeat 4 { t => t ++ n:Node[C, S](t) }
    concat(concat(t.2, t.3), concat(t.4, t.5))
} as "[${n|, }]"

// To C channels, and to the height H if it is twice that.
net fit[C, H](x: [K, X, Y]) = if X == H then x |> relu_conv_bn[C, 1] else x |> factorized_reduce[C]

// CELL is an attribute that is a stage.
net step[CELL, C, S](a, b) = (b, CELL[C, S](a, b))

const CLASSES = 10
space darts[C = 16, N = 2, RES = 32](x: [3, RES, RES]) -> [CLASSES] {
    let normal = once Cell
    let reduce = once Cell
    let s = x |> conv[3*C] |> batch_norm
    let t = (s, s) |> repeat N { step[normal, C, 1] } |> step[reduce, 2*C, 2] |> repeat N { step[normal, 2*C, 1] }
      |> step[reduce, 4*C, 2] |> repeat N { step[normal, 4*C, 1] }
    t.1 |> global_avg_pool |> linear[CLASSES]
} as "Genotype(normal=$normal, normal_concat=range(2, 6), reduce=$reduce, reduce_concat=range(2, 6))"
