// U-Nets of fixed, of drawn and of given depth; an hourglass MLP.
import std.nn
rule Body[D](x) = x |> conv_bn_relu[D] |> conv_bn_relu[D] as "cc" | x |> conv_bn_relu[D] as "c"
// fixed depth with lets
rule unet3[D](x) = {
    let a = p:Body[D](x)
    let b = max_pool[2, 2, P = 0](a) |> q:Body[2*D]
    let c = max_pool[2, 2, P = 0](b) |> r:Body[4*D]
    let d = concat(b, c |> upsample |> conv[2*D, 1]) |> s:Body[2*D]
    concat(a, d |> upsample |> conv[D, 1]) |> t:Body[D]
} as "unet(${p},${q},${r},${s},${t})"
// recursive, any depth
rule U[D](x: [C, H, W]) =
    0.5 -> x |> m:Body[D] as "${m}"
  | _   -> { let a = p:Body[D](x)
             let i = a |> max_pool[2, 2, P = 0] |> u:U[2*D] |> upsample |> conv[D, 1]
             concat(a, i) |> q:Body[D] } where H % 2 == 0, W % 2 == 0 as "u(${p}, ${u}, ${q})"
net unet_n[N, D](x) = if N == 0 then x |> conv_bn_relu[D] else {
    let a = x |> conv_bn_relu[D]
    concat(a, a |> max_pool[2, 2, P = 0] |> unet_n[N - 1, 2*D] |> upsample |> conv[D, 1]) |> conv_bn_relu[D]
}
space unet(x: [3, 64, 64]) -> [1, 64, 64] = x |> u:U[16] |> conv[1, 1] as "${u}"
space unet_3(x: [3, 64, 64]) -> [1, 64, 64] = x |> u:unet3[16] |> conv[1, 1] as "${u}"
// hourglass MLP: wide residual stream, narrow inside
rule Hourglass[D](x: [K]) = {
    let z = choose {2, 4, 8} * D;  let h = choose {1/2, 1, 2} * D;  let n = choose {1..6}
    x |> linear[z] |> repeat n { y => y + (y |> linear[h] |> relu |> linear[z]) } |> linear[D]
} as "hourglass(${z},${h},${n})"
space hourglass(x: [96]) -> [10] = x |> repeat 2 { h:Hourglass[96] } |> linear[10] as "${h| }"
