// AutoFormer (Chen et al. 2021), tiny: vision transformers whose width, depth, heads and MLP ratios are drawn.
//     nasc sample examples/vit.nas -n 3
//     nasc sample examples/vit.nas -n 3 -D RES=32 -D DEPTH=2
import std.nn

rule Block(x: [S, D]) = {
    let h = choose {3, 4}
    let r = choose {3, 3.5, 4}
    x |> prenorm[mha[h, 64*h]] |> prenorm[ffn[floor(r*D)]]
} as "h${h}r${r}"

const CLASSES = 1000
space autoformer_tiny[RES = 224, PATCH = 16, DEPTH = 12](x: [3, RES, RES]) -> [CLASSES] {
    let d = choose {192, 216, 240}
    let n = choose {DEPTH, DEPTH + 1, DEPTH + 2}
    limit params 10M
    x |> patches[d, PATCH] |> cls_token |> pos_enc[0.02] |> repeat n { b:Block } |> layer_norm |> first
      |> linear[CLASSES]
} as "d$d n$n [${b|, }]"
