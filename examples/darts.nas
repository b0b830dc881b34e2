// DARTS (Liu et al. 2019): two cells, normal and reduction; each of four nodes takes two of the earlier ones.
import std.nn

rule Op[C, S](x) =
    x |> max_pool[3, S]                            as "max_pool_3x3"
  | x |> avg_pool[3, S]                            as "avg_pool_3x3"
  | (if S == 1 then x else x |> factorized_reduce[C]) as "skip_connect"
  | for k in {3, 5}: x |> sep_conv[C, k, S]        as "sep_conv_${k}x${k}"
  | for k in {3, 5}: x |> dil_conv[C, k, S]        as "dil_conv_${k}x${k}"

net sep_conv[C, K, S](x: [D, _, _]) = x |> relu |> conv[D, K, S, G = D] |> conv[D, 1] |> batch_norm
                                        |> relu |> conv[D, K, 1, G = D] |> conv[C, 1] |> batch_norm
net dil_conv[C, K, S](x: [D, _, _]) = x |> relu |> conv[D, K, S, P = K - 1, L = 2, G = D] |> conv[C, 1] |> batch_norm
net factorized_reduce[C](x) = {
    let y = relu(x)
    concat(y |> conv[C/2, 1, 2, 0], y |> shift |> conv[C/2, 1, 2, 0]) |> batch_norm
}
op shift(x: [C, H, W]) -> y: [C, H, W] { y[c, h, w] = pad(x[c, h + 1, w + 1], 0) }

rule Node[C, S](t) = for j in {1 .. len(t) - 1}: for i in {0 .. j - 1}:
    a:Op[C, if i < 2 then S else 1](t.(i)) + b:Op[C, if j < 2 then S else 1](t.(j))
    as "('$a', $i), ('$b', $j)"

rule Cell[C, S](a, b) = {
    let t = (fit[C, extent(b, 1)](a), fit[C, extent(b, 1)](b)) |> repeat 4 { t => t ++ n:Node[C, S](t) }
    concat(concat(t.2, t.3), concat(t.4, t.5))
} as "[${n|, }]"

net fit[C, H](x: [K, X, Y]) = if X == H then x |> relu_conv_bn[C, 1] else x |> factorized_reduce[C]
net step[CELL, C, S](a, b)  = (b, CELL[C, S](a, b))                 // CELL: an attribute that is a stage

space darts(x: [3, 32, 32]) -> [10] {
    let normal = once Cell
    let reduce = once Cell
    let s = x |> conv[48] |> batch_norm
    let t = (s, s) |> repeat 2 { step[normal, 16, 1] } |> step[reduce, 32, 2]
                   |> repeat 2 { step[normal, 32, 1] } |> step[reduce, 64, 2]
                   |> repeat 2 { step[normal, 64, 1] }
    t.1 |> global_avg_pool |> linear[10]
} as "Genotype(normal=$normal, normal_concat=range(2, 6), reduce=$reduce, reduce_concat=range(2, 6))"
