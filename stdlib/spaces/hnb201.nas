// The hierarchical space over NAS-Bench-201's cells (Schrodi et al. 2023): resolution stages, blocks and cells are drawn.
import std.nn

op hardswish(x: [..]) -> y: [..] { y[..] = x[..] * min(max(x[..] + 3, 0), 6) / 6 }
op mish(x: [..]) -> y: [..]      { y[..] = x[..] * tanh(log(1 + exp(x[..]))) }
op instance_norm(x: [C, H, W]) -> y: [C, H, W] {
    s[c] += x[c, h, w]
    m[c]  = s[c] / (H*W)
    q[c] += (x[c, h, w] - m[c]) * (x[c, h, w] - m[c])
    y[c, h, w] = (x[c, h, w] - m[c]) * rsqrt(q[c] / (H*W) + 1e-5)
}
net down(x: [C, H, W]) = (x |> relu_conv_bn[2*C, 3, S = 2] |> relu_conv_bn[2*C, 3])
                       + (x |> avg_pool[2, 2, P = 0] |> conv[2*C, 1])

rule D2(x) =
    x |> a:D1 |> b:D1 |> c:D0            as "Sequential3($a, $b, $c)"
  | x |> a:D0 |> b:D1 |> c:D1            as "Sequential3($a, $b, $c)"
  | x |> a:D1 |> b:D1 |> c:D0 |> d:D0    as "Sequential4($a, $b, $c, $d)"
rule D1(x) =
    x |> a:C |> b:C |> c:D               as "Sequential3($a, $b, $c)"
  | x |> a:C |> b:C |> c:C |> d:D        as "Sequential4($a, $b, $c, $d)"
  | (x |> a:C |> b:D) + (x |> c:D)       as "Residual3($a, $b, $c)"
rule D0(x) =
    x |> a:C |> b:C |> c:CL              as "Sequential3($a, $b, $c)"
  | x |> a:C |> b:C |> c:C |> d:CL       as "Sequential4($a, $b, $c, $d)"
  | (x |> a:C |> b:CL) + (x |> c:CL)     as "Residual3($a, $b, $c)"
rule D(x) =
    x |> a:CL |> down                    as "Sequential2($a, down)"
  | x |> a:CL |> b:CL |> down            as "Sequential3($a, $b, down)"
  | (x |> a:CL |> down) + (x |> down)    as "Residual2($a, down, down)"
rule C(x) =
    x |> a:CL |> b:CL                    as "Sequential2($a, $b)"
  | x |> a:CL |> b:CL |> c:CL            as "Sequential3($a, $b, $c)"
  | (x |> a:CL |> b:CL) + (x |> c:CL)    as "Residual3($a, $b, $c)"
rule CL(x) = {
    let n1 = a:Op(x)
    let n2 = b:Op(x) + d:Op(n1)
    c:Op(x) + e:Op(n1) + f:Op(n2)
} as "Cell($a, $b, $c, $d, $e, $f)"
rule Op(x) =
    zeros(x)            as "zero"
  | x                   as "id"
  | x |> b:Block        as "$b"
  | x |> avg_pool[3]    as "avg_pool"
rule Block(x) = x |> a:Act |> c:Conv |> n:Norm as "Sequential3($a, $c, $n)"
rule Act  = relu as "relu" | hardswish as "hardswish" | mish as "mish"
rule Conv(x: [C, H, W]) =
    x |> conv[C, 1]                     as "conv1x1"
  | x |> conv[C, 3]                     as "conv3x3"
  | x |> conv[C, 3, G = C] |> conv[C, 1] as "dconv3x3"
rule Norm = batch_norm as "batch" | instance_norm as "instance" | layer_norm as "layer"

const CLASSES = 10
space hnb201[C = 16](x: [3, 32, 32]) -> [CLASSES] =
    x |> conv[C] |> batch_norm |> n:D2 |> batch_norm |> relu |> global_avg_pool |> linear[CLASSES] as "$n"
