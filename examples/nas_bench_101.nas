// NAS-Bench-101 (Ying et al. 2019): a cell is a directed acyclic graph of V vertices and at most nine edges, drawn as
// the columns of its adjacency matrix, and an operation for every vertex but the first and the last.
//     nasc sample examples/nas_bench_101.nas -n 3 -D C=16 -D N=1
//
// Only graphs in which every vertex lies on a path from the input to the output are drawn: the benchmark prunes the others
// to smaller ones of these (-D V=6, ...).
import std.nn

rule Bit = 0 as "0" | 1 as "1"

// Who feeds vertex J: a bit for each vertex before it.
rule Column[J] = () |> repeat J { t => t ++ b:Bit } as "[${b|,}]"
rule Op[D](x) =
    x |> conv_bn_relu[D, 3] as "conv3x3-bn-relu"
  | x |> conv_bn_relu[D, 1] as "conv1x1-bn-relu"
  | x |> max_pool[3]        as "maxpool3x3"

// ---- questions to a matrix: m holds its columns one behind the other ----

net edge(m, i, j) = m.(j * (j - 1) / 2 + i)
net into(m, j) = sum(() |> repeat i in j { t => t ++ edge(m, i, j) })
net out_of(m, i, v) = sum(() |> repeat k in v - 1 - i { t => t ++ edge(m, i, i + 1 + k) })
net least_into(m, v) = min(() |> repeat j in v - 1 { t => t ++ into(m, j + 1) })
net least_out_of(m, v) = min(() |> repeat i in v - 1 { t => t ++ out_of(m, i, v) })

// How many edges come into vertex j from those before i.
net into_before(m, i, j) = sum(() |> repeat k in i { t => t ++ edge(m, k, j) })

// Channels of vertex i: what feeds the output divides its d channels, the first ones take the remainder; any other vertex is as
// wide as the widest that it feeds.
net width(m, i, v, d) =
    if edge(m, i, v - 1) == 1
      then share_of(d, into(m, v - 1) - edge(m, 0, v - 1), into_before(m, i, v - 1) - edge(m, 0, v - 1))
      else max(() |> repeat k in v - 2 - i { t => t ++ edge(m, i, i + 1 + k) * width(m, i + 1 + k, v, d) })
net share_of(d, n, k) = floor(d/n) + (if k < d % n then 1 else 0)

// ---- the cell ----

// What vertex j gets from vertex i: the input is projected, others give their first d channels.
net part[D](t, i) = if i == 0 then t.0 |> conv_bn_relu[D, 1] else t.(i) |> narrow[D]

// The sum over the vertices before i that feed vertex j.
net gather[D](t, m, i, j) =
    if edge(m, i - 1, j) == 0 then gather[D](t, m, i - 1, j)
      else if into_before(m, i - 1, j) == 0 then part[D](t, i - 1)
      else gather[D](t, m, i - 1, j) + part[D](t, i - 1)

// The vertices before i, but the input, that feed vertex j, one behind the other.
net join(t, m, i, j) =
    if edge(m, i - 1, j) == 0 then join(t, m, i - 1, j)
      else if into_before(m, i - 1, j) == edge(m, 0, j) then t.(i - 1)
      else concat(join(t, m, i - 1, j), t.(i - 1))

rule Module[D, V](x) = {
    let m = () |> repeat j in V - 1 { t => t ++ c:Column[j + 1] }
    require sum(m) <= 9, least_into(m, V) >= 1, least_out_of(m, V) >= 1
    let t = () ++ x |> repeat j in V - 2 {
        t => t ++ (gather[width(m, j + 1, V, D)](t, m, j + 1, j + 1) |> o:Op[width(m, j + 1, V, D)])
    }
    let y = join(t, m, V - 1, V - 1)
    if edge(m, 0, V - 1) == 1 then y + (x |> conv_bn_relu[D, 1]) else y
} as "[${c|, }]; [${o|, }]"

const CLASSES = 10
space nas_bench_101[V = 7, C = 128, N = 3, RES = 32](x: [3, RES, RES]) -> [CLASSES] {
    let cell = once k:Module
    x |> conv_bn_relu[C, 3] |> repeat N { cell[C, V] } |> max_pool[2, 2, P = 0] |> repeat N { cell[2*C, V] }
      |> max_pool[2, 2, P = 0] |> repeat N { cell[4*C, V] } |> global_avg_pool |> linear[CLASSES]
} as "$k"
