// U-Nets: of fixed depth with names for what skips, of any depth by recursion, and an hourglass of dense layers.
//     nasc sample examples/unet.nas unet -n 3 -D RES=32 -D D=4
import std.nn

rule Body[D](x) = x |> conv_bn_relu[D] |> conv_bn_relu[D] as "cc" | x |> conv_bn_relu[D] as "c"
net half(x) = x |> max_pool[2, 2, P = 0]

rule Three[D](x) = {
    let a = p:Body[D](x)
    let b = a |> half |> q:Body[2*D]
    let c = b |> half |> r:Body[4*D]
    let d = concat(b, c |> upsample |> conv[2*D, 1]) |> s:Body[2*D]
    concat(a, d |> upsample |> conv[D, 1]) |> t:Body[D]
} as "unet($p,$q,$r,$s,$t)"

// Half of the time the descent ends; where the size is odd it must.
rule U[D](x: [C, H, W]) =
    0.5 -> x |> m:Body[D] as "$m"
  | _ -> {
        let a = p:Body[D](x)
        let i = a |> half |> u:U[2*D] |> upsample |> conv[D, 1]
        concat(a, i) |> q:Body[D]
    } where H % 2 == 0, W % 2 == 0 as "u($p, $u, $q)"

space unet3[D = 16, RES = 64](x: [3, RES, RES]) -> [1, RES, RES] = x |> u:Three[D] |> conv[1, 1] as "$u"
space unet[D = 16, RES = 64](x: [3, RES, RES]) -> [1, RES, RES] {
    limit params 20M
    x |> u:U[D] |> conv[1, 1]
} as "$u"

// N levels: `if` is decided at compile time and ends the recursion.
net unet_n[N, D](x) = if N == 0 then x |> conv_bn_relu[D] else {
    let a = x |> conv_bn_relu[D]
    concat(a, a |> half |> unet_n[N - 1, 2*D] |> upsample |> conv[D, 1]) |> conv_bn_relu[D]
}
space unet_levels[D = 16, RES = 64](x: [3, RES, RES]) -> [1, RES, RES] {
    let n = choose {2, 3, 4}
    x |> unet_n[n, D] |> conv[1, 1]
} as "$n levels"

// A wide residual stream, narrow inside: factors of the width D.
rule Hourglass[D](x: [K]) = {
    let z = choose {2, 4, 8}
    let h = choose {1/2, 1, 2}
    let n = choose {1 .. 6}
    x |> linear[z*D] |> repeat n { y => y + (y |> linear[h*D] |> relu |> linear[z*D]) } |> linear[D]
} as "hourglass($z,$h,$n)"
space hourglass[D = 64](x: [D]) -> [D] = x |> g:Hourglass[D] as "$g"
