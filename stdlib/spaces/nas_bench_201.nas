// NAS-Bench-201 (Dong & Yang 2020), also the topology space of NATS-Bench: 5^6 = 15,625 cells.
//
//     |nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|
//
// With the defaults (CIFAR-10) a cell with n3 edges nor_conv_3x3 and n1 edges nor_conv_1x1 has
// 73,306 + 243,040 n3 + 28,000 n1 parameters and 7,783,040 + 35,389,440 n3 + 3,932,160 n1 multiply-adds.
import std.nn

const CLASSES = 10

rule Edge(x: [C, H, W]) =
    zeros(x)                as "none"
  | x                       as "skip_connect"
  | x |> relu_conv_bn[C, 1] as "nor_conv_1x1"
  | x |> relu_conv_bn[C, 3] as "nor_conv_3x3"
  | x |> avg_pool[3]        as "avg_pool_3x3"

// Four nodes, each the sum of its incoming edges; the last one is the output.
rule Cell(x) = {
    let n1 = a:Edge(x)
    let n2 = b:Edge(x) + c:Edge(n1)
    d:Edge(x) + e:Edge(n1) + f:Edge(n2)
} as "|$a~0|+|$b~0|$c~1|+|$d~0|$e~1|$f~2|"

net reduce[D](x) = (x |> relu_conv_bn[D, 3, S = 2] |> relu_conv_bn[D, 3]) + (x |> avg_pool[2, 2, P = 0] |> conv[D, 1])

space nas_bench_201[C = 16, N = 5, H = 32, W = 32](x: [3, H, W]) -> [CLASSES] {
    let cell = once k:Cell
    x |> conv[C] |> batch_norm |> repeat N { cell } |> reduce[2*C] |> repeat N { cell } |> reduce[4*C]
      |> repeat N { cell } |> batch_norm |> relu |> global_avg_pool |> linear[CLASSES]
} as "$k"
