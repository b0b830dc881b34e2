// Recurrent networks over tokens: which cell, how many layers, how wide, in one direction or in both.
//     nasc sample examples/rnn.nas -n 5
import std.nn

// In both directions: one choice of a cell, used twice, each with parameters of its own.
rule Cell[D](x) =
    x |> lstm[D]              as "lstm"
  | x |> gru[D]               as "gru"
  | x |> linear[D] |> s4d[16] as "s4d"
  | { let c = once k:Cell[D/2]; concat_last(x |> c, x |> reverse |> c |> reverse) } where depth < 4 as "bi($k)"

const VOCABULARY = 10k
space words[S = 128, CLASSES = 2](x: i32[S]) -> [CLASSES] {
    let n = choose {1, 2, 3}
    let d = choose {64, 128, 256}
    x |> embed[VOCABULARY, d] |> repeat n { c:Cell[d] } |> final |> linear[CLASSES]
} as "${n}x${d}:${c|,}"
