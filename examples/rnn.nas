// Recurrent cells: a scan is an `iter` rank of an op.  A cell may wrap one of half the width that runs both ways.
import std.nn

rule Cell[D](x) = x |> lstm[D] as "lstm" | x |> gru[D] as "gru" | x |> linear[D] |> s4d[16] as "s4d"
                | { let c = once k:Cell[D/2];  concat_last(x |> c, x |> reverse |> c |> reverse) } where depth < 3 as "bi(${k})"

space seq(x: i32[128]) -> [2] {
    let n = choose {1, 2, 3};  let d = choose {64, 128, 256}
    x |> embed[10k, d] |> repeat n { c:Cell[d] } |> final |> linear[2]
} as "${n}x${d}:${c|,}"
