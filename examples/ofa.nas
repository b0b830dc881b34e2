// Once-for-all, the MobileNetV3 space (Cai et al. 2020): five units of two to four inverted bottlenecks, each with its
// own kernel and expansion.
//     nasc sample examples/ofa.nas ofa_mbv3 -n 3
//     nasc sample examples/ofa.nas ofa_mbv3 -n 3 -D RES=64
import std.nn

// Expand by E, filter with K x K, squeeze and excite if SE, project to D.
net mb[D, K, E, S, SE, ACT](x: [C, H, W]) {
    let y = x |> conv[E*C, 1] |> batch_norm |> ACT |> conv[E*C, K, S, G = E*C] |> batch_norm |> ACT
      |> (if SE == 1 then squeeze_excite else z => z) |> conv[D, 1] |> batch_norm
    if S == 1 and C == D then x + y else y
}
rule Layer[D, S, SE, ACT](x) = for k in {3, 5, 7}: for e in {3, 4, 6}: mb[D, k, e, S, SE, ACT](x) as "k${k}e${e}"

// The first layer of a unit strides; its depth is one draw.
rule Unit[D, S, SE, ACT](x) =
    for n in {2, 3, 4}: x |> repeat i in n { l:Layer[D, if i == 0 then S else 1, SE, ACT] } as "${n}[${l|,}]"

// The variant in which a unit has one kernel size, and shallow units are likelier.
rule UnitK[D, S, SE, ACT](x) = {
    let k = choose {3, 5, 7}
    let n = choose {0.5 -> 2, 0.3 -> 3, 0.2 -> 4}
    x |> repeat i in n { mb[D, k, e:choose {3, 4, 6}, if i == 0 then S else 1, SE, ACT] }
} as "${n}@${k}[${e|,}]"

const RES = 224
const CLASSES = 1000
net stem(x) = x |> conv[16, 3, 2] |> batch_norm |> hard_swish |> mb[16, 3, 1, 1, 0, relu]
net head(x) =
    x |> conv[960, 1] |> batch_norm |> hard_swish |> global_avg_pool |> linear[1280] |> hard_swish |> linear[CLASSES]

space ofa_mbv3(x: [3, RES, RES]) -> [CLASSES] {
    limit params 12M, macs 600M
    x |> stem |> a:Unit[24, 2, 0, relu] |> b:Unit[40, 2, 1, relu] |> c:Unit[80, 2, 0, hard_swish]
      |> d:Unit[112, 1, 1, hard_swish] |> e:Unit[160, 2, 1, hard_swish] |> head
} as "$a $b $c $d $e"
space ofa_one_kernel(x: [3, RES, RES]) -> [CLASSES] {
    limit params 12M, macs 600M
    x |> stem |> a:UnitK[24, 2, 0, relu] |> b:UnitK[40, 2, 1, relu] |> c:UnitK[80, 2, 0, hard_swish]
      |> d:UnitK[112, 1, 1, hard_swish] |> e:UnitK[160, 2, 1, hard_swish] |> head
} as "$a $b $c $d $e"
