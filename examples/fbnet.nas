// After FBNetV3 (Dai et al. 2021): the network, its input resolution and the training recipe are drawn together.
//     nasc sample examples/fbnet.nas -n 3
import std.nn
import ofa (mb)

rule Act = relu as "relu" | hard_swish as "hswish"

// Kernel, width factor, number of blocks and expansion are one draw per stage; squeeze-and-excite one per block.
rule Stage[D, S](x) = {
    let k = choose {3, 5}
    let w = choose {1, 9/8, 5/4}
    let n = choose {1 .. 4}
    let e = choose {1 .. 6}
    let act = once a:Act
    x |> repeat i in n { mb[8 * floor(D*w/8), k, e, if i == 0 then S else 1, s:choose {0, 1}, act] }
} as "k${k}w${w}n${n}e${e}s${s|}${a}"

const CLASSES = 1000
const RES = 224
space fbnetv3(x: [3, r, r]) -> [CLASSES] {
    let r = choose {RES, RES + 8, RES + 16, RES + 32, RES + 48}
    recipe optimizer = choose {"rmsprop", "sgd"}
    recipe lr = log_uniform(0.001, 0.1)
    recipe ema = choose {0, 1}
    recipe mixup = choose {0, 0.1, 0.2}
    recipe drop_path = uniform(0, 0.3)
    limit macs 800M
    x |> conv[16, 3, 2] |> batch_norm |> hard_swish |> a:Stage[16, 1] |> b:Stage[24, 2] |> c:Stage[40, 2]
      |> d:Stage[112, 2] |> e:Stage[184, 2] |> global_avg_pool |> linear[CLASSES]
} as "$r: $a $b $c $d $e"
