// One cell of NAS-Bench-201 by itself, on a small input: a helper of cases and unit tests.
import std.nn

rule Edge(x: [C, H, W]) =
    zeros(x)                as "none"
  | x                       as "skip_connect"
  | x |> relu_conv_bn[C, 1] as "nor_conv_1x1"
  | x |> relu_conv_bn[C, 3] as "nor_conv_3x3"
  | x |> avg_pool[3]        as "avg_pool_3x3"

rule Cell(x) = {
    let n1 = a:Edge(x)
    let n2 = b:Edge(x) + c:Edge(n1)
    d:Edge(x) + e:Edge(n1) + f:Edge(n2)
} as "|$a~0|+|$b~0|$c~1|+|$d~0|$e~1|$f~2|"

space cell(x: [2, 3, 3]) -> [2, 3, 3] = x |> k:Cell as "$k"
