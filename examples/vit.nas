// AutoFormer-tiny (Chen et al. 2021): width and depth of the whole, heads and ratio of each block.
import std.nn

rule Block(x: [S, D]) = {
    let h = choose {3, 4}
    let r = choose {3, 3.5, 4}
    x |> prenorm[mha[h, 64*h]] |> prenorm[ffn[floor(r*D)]]
} as "h${h}r${r}"

space autoformer_tiny(x: [3, 224, 224]) -> [1000] {
    let d = choose {192, 216, 240}
    let n = choose {12, 13, 14}
    limit params 12M
    x |> patches[d, 16] |> cls_token |> pos_enc |> repeat n { b:Block } |> layer_norm |> first |> linear[1000]
} as "d${d} n${n} [${b|, }]"
