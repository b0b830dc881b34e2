// Hierarchical NAS-Bench-201 (Schrodi et al. 2023): resolution grammar over cells.
//     nasc sample examples/hnb201.nas -n 3 -D C=4
import std.nn
net res_block[D, S](x) = (x |> relu_conv_bn[D, 3, S] |> relu_conv_bn[D, 3]) + (x |> avg_pool[2, 2, P = 0] |> conv[D, 1])
net down(x: [C, H, W]) = x |> res_block[2*C, 2]

rule D2(x) =
    x |> a:D1 |> b:D1 |> c:D0         as "Sequential3(${a}, ${b}, ${c})"
  | x |> a:D0 |> b:D1 |> c:D1         as "Sequential3(${a}, ${b}, ${c})"
  | x |> a:D1 |> b:D1 |> c:D0 |> d:D0 as "Sequential4(${a}, ${b}, ${c}, ${d})"
rule D1(x) =
    x |> a:C |> b:C |> c:D         as "Sequential3(${a}, ${b}, ${c})"
  | x |> a:C |> b:C |> c:C |> d:D  as "Sequential4(${a}, ${b}, ${c}, ${d})"
  | (x |> a:C |> b:D) + (x |> c:D) as "Residual3(${a}, ${b}, ${c})"
rule D0(x) =
    x |> a:C |> b:C |> c:CL          as "Sequential3(${a}, ${b}, ${c})"
  | x |> a:C |> b:C |> c:C |> d:CL   as "Sequential4(${a}, ${b}, ${c}, ${d})"
  | (x |> a:C |> b:CL) + (x |> c:CL) as "Residual3(${a}, ${b}, ${c})"
rule D(x) =
    x |> a:CL |> down                 as "Sequential2(${a}, down)"
  | x |> a:CL |> b:CL |> down         as "Sequential3(${a}, ${b}, down)"
  | (x |> a:CL |> down) + (x |> down) as "Residual2(${a}, down, down)"
rule C(x) =
    x |> a:CL |> b:CL                 as "Sequential2(${a}, ${b})"
  | x |> a:CL |> b:CL |> c:CL         as "Sequential3(${a}, ${b}, ${c})"
  | (x |> a:CL |> b:CL) + (x |> c:CL) as "Residual3(${a}, ${b}, ${c})"
rule CL(x) = {
    let n1 = a:Op(x)
    let n2 = b:Op(x) + d:Op(n1)
    c:Op(x) + e:Op(n1) + f:Op(n2)
} as "Cell(${a}, ${b}, ${c}, ${d}, ${e}, ${f})"
rule Op(x) =
    zeros(x)         as "zero"
  | x                as "id"
  | x |> b:Block     as "${b}"
  | x |> avg_pool[3] as "avg_pool"
rule Block(x) = x |> a:Act |> c:Conv |> n:Norm as "Sequential3(${a}, ${c}, ${n})"
rule Act = relu as "relu" | hard_swish as "hardswish" | mish as "mish"  // a rule of stages
rule Conv(x: [C, H, W]) =
    x |> conv[C, 1]                      as "conv1x1"
  | x |> conv[C, 3]                      as "conv3x3"
  | x |> conv[C, 3, G = C] |> conv[C, 1] as "dconv3x3"
rule Norm = batch_norm as "batch" | instance_norm as "instance" | layer_norm as "layer"
space hnb201[C = 16, RES = 32](x: [3, RES, RES]) -> [10] =
    x |> conv[C] |> batch_norm |> n:D2 |> batch_norm |> relu |> global_avg_pool |> linear[10] as "${n}"
