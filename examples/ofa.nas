// Once-for-all, MobileNetV3 (Cai et al. 2020): kernel, expansion and depth of each unit.
import std.nn
net squeeze_excite(x: [C, H, W]) = {
    let s = x |> global_avg_pool |> linear[floor(C/4)] |> relu |> linear[C]
    scale(x, s)
}
op scale(x: [C, H, W], s: [C]) -> y: [C, H, W] { y[c, h, w] = x[c, h, w] * min(max(s[c] + 3, 0), 6) / 6 }
net mb[D, K, E, S, SE, ACT](x: [C, H, W]) = {
    let y = x |> conv[E*C, 1] |> batch_norm |> ACT |> conv[E*C, K, S, G = E*C] |> batch_norm |> ACT
              |> (if SE == 1 then squeeze_excite else z => z) |> conv[D, 1] |> batch_norm
    if S == 1 and C == D then x + y else y
}
rule Layer[D, S, SE, ACT](x) =
    for k in {3, 5, 7}: for e in {3, 4, 6}: mb[D, k, e, S, SE, ACT](x) as "k${k}e${e}"
// the first layer of a unit strides; its depth is one draw
rule Unit[D, S, SE, ACT](x) = for n in {2, 3, 4}:
    x |> repeat i in n { l:Layer[D, if i == 0 then S else 1, SE, ACT] } as "${n}[${l|,}]"
// the variant in which one kernel size is shared by a unit
rule UnitK[D, S, SE, ACT](x) = {
    let k = choose {3, 5, 7}
    let n = choose {0.5 -> 2, 0.3 -> 3, 0.2 -> 4}
    x |> repeat i in n { mb[D, k, choose {3, 4, 6}, if i == 0 then S else 1, SE, ACT] }
} as "${n}@${k}"
const RES = 224
space ofa_mbv3(x: [3, RES, RES]) -> [1000] {
    limit params 10M, macs 600M
    x |> conv[16, 3, 2] |> batch_norm |> hard_swish |> mb[16, 3, 1, 1, 0, relu]
      |> a:Unit[24, 2, 0, relu] |> b:Unit[40, 2, 1, relu] |> c:Unit[80, 2, 0, hard_swish]
      |> d:Unit[112, 1, 1, hard_swish] |> e:Unit[160, 2, 1, hard_swish]
      |> conv[960, 1] |> batch_norm |> hard_swish |> global_avg_pool |> linear[1280] |> hard_swish |> linear[1000]
} as "${a} ${b} ${c} ${d} ${e}"
