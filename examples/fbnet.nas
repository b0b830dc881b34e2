// FBNetV3 (Dai et al. 2021), in outline: architecture, resolution and training recipe drawn together.
import std.nn
import ofa (mb)

rule Act = relu as "relu" | hard_swish as "hswish"
rule Stage[D, S](x) = {
    let k = choose {3, 5};  let w = choose {1, 9/8, 5/4};  let n = choose {1..4};  let e = choose {1, 2, 3, 4, 5, 6}
    let act = once a:Act
    x |> repeat i in n { mb[8 * floor(D*w/8), k, e, if i == 0 then S else 1, i % 2, act] }
} as "k${k}w${w}n${n}e${e}${a}"
space fbnetv3(x: [3, r, r]) -> [1000] {
    let r = choose {224, 232, 240, 256, 272}           // resolution is drawn too: a size of the input type
    recipe optimizer = choose {"rmsprop", "sgd"}
    recipe lr        = log_uniform(0.001, 0.1)         // continuous
    recipe ema       = choose {0, 1}
    recipe mixup     = choose {0, 0.1, 0.2}
    recipe drop_path = uniform(0, 0.3)
    limit macs 800M
    x |> conv[16, 3, 2] |> batch_norm |> hard_swish
      |> a:Stage[16, 1] |> b:Stage[24, 2] |> c:Stage[40, 2] |> d:Stage[112, 2] |> e:Stage[184, 2] |> global_avg_pool |> linear[1000]
} as "${a} ${b} ${c} ${d} ${e}"
