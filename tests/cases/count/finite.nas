// RUN: nasc count std.spaces.nas_bench_201 -f text 2>&1
// RUN: nasc count %s -f jsonl 2>/dev/null
// RUN: nasc count %s -f text --max-depth 2 2>/dev/null
// RUN: nasc count %s -f csv 2>/dev/null
import std.nn

rule Act(x) = relu(x) as "relu" | gelu(x) as "gelu" | silu(x) as "silu"
rule Stack(x) = { let n = choose {1, 2, 40}; x |> repeat n { l:Act } } as "${n}[${l|,}]"

space s(x: [8, 8]) -> [8, 8] { x |> s:Stack } as "$s"
// STDOUT:
//     depth                  derivations up to it                             that type
//         0                                     0                                     0
//         1                                     0                                     0
//         2                                15,625                                15,625
//   nas_bench_201: 15,625 derivations in all, of depth 2 at most; types left out
//   to depth 2, 15,625 of them type and are within the limits, 15625 different texts
//   {"space": "s", "depth": 0, "derivations": 0, "of_depth": 0, "typed": 0, "log10": null, "total": "12157665459056928813", "words": null}
//   {"space": "s", "depth": 1, "derivations": 0, "of_depth": 0, "typed": 0, "log10": null, "total": "12157665459056928813", "words": null}
//   {"space": "s", "depth": 2, "derivations": "12157665459056928813", "of_depth": "12157665459056928813", "typed": "12157665459056928813", "log10": 19.084850188786493, "total": "12157665459056928813", "words": null}
//     depth                  derivations up to it                             that type
//         0                                     0                                     0
//         1                                     0                                     0
//         2            12,157,665,459,056,928,813            12,157,665,459,056,928,813
//   space,depth,derivations,of_depth,typed,log10,total,words
//   s,0,0,0,0,,12157665459056928813,
//   s,1,0,0,0,,12157665459056928813,
//   s,2,12157665459056928813,12157665459056928813,12157665459056928813,19.084850188786493,12157665459056928813,
