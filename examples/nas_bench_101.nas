// NAS-Bench-101 (Ying et al. 2019), its module: five inner vertices, a matrix of bits, at most nine edges.  All
// vertices share the output's channels equally (the remainders of the original are left out).
import std.nn

rule Op[C](x) = x |> conv_bn_relu[C, 3] as "conv3x3-bn-relu" | x |> conv_bn_relu[C, 1] as "conv1x1-bn-relu"
              | x |> max_pool[3] as "maxpool3x3"
rule Bit = 0 as "0" | 1 as "1"

// Column j of the matrix: j bits.
rule Column[J] = () |> repeat J { t => t ++ b:Bit }        as "[${b|,}]"

// The sum of what feeds a vertex; the input (i = 0) is projected.
net gather[BITS, D](t) = t.0 |> zeros_like[D] |> repeat i in len(BITS) {
    s => if BITS.(i) == 0 then s else s + (if i == 0 then t.0 |> conv_bn_relu[D, 1] else t.(i))
}
// The vertices that feed the output, side by side.
net join[BITS, D](t) = () |> repeat i in len(BITS) {
    s => if BITS.(i) == 0 then s else {
        let y = if i == 0 then t.0 |> conv_bn_relu[D, 1] else t.(i)
        if len(s) == 0 then y else concat(s, y)
    }
}

rule Module[C](x) = {
    let cols = () |> repeat j in 6 { t => t ++ (c:Column[j + 1], ()) }
    let out = cols.10
    let n = sum(out)
    require sum(cols) <= 9, n >= 1
    let d = floor(C / max(n, 1))
    let t = () ++ x |> repeat j in 5 { t => t ++ (gather[cols.(2*j), d](t) |> o:Op[d]) }
    join[out, d](t)
} as "[${c|, }]; [${o|, }]"

space module(x: [32, 16, 16]) -> [10] = x |> m:Module[64] |> global_avg_pool |> linear[10] as "$m"
