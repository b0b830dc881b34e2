// Networks of a search space, written by hand: residual networks in einspace's notation, put together by macros.
//     nasc show examples/resnet.nas --arch resnet18 -D H=64 -D W=64
import std.spaces.einspace

text seq(a, b) = `sequential(${a}, ${b})`
text comp(c) = `computation<${c}>`
text conv(k, s, d) = `routing[im2col(${k},${s},${floor(k/2)}), computation<linear(${d})>, col2im]`
text conv_norm(k, s, d) = `${seq(conv(k, s, d), comp("norm"))}`
text conv_act(k, s, d) = `${seq(conv_norm(k, s, d), comp("relu"))}`
text plus(a, b) = `branching(2){clone(2), ${a}, ${b}, add(2)}`

// Two 3x3 convolutions beside a short cut.
text block(s, d, short) = `${seq(plus(seq(conv_act(3, s, d), conv_norm(3, 1, d)), short), comp("relu"))}`
text keep(d) = `${block(1, d, comp("identity"))}`
text halve(d) = `${block(2, d, conv_norm(1, 2, d))}`
text twice(a) = `${seq(a, a)}`

text stem(d) = `${seq(conv_act(3, 1, d), conv(3, 2, d))}`
text resnet18_from(d) = `${seq(seq(stem(d), seq(twice(keep(d)), seq(halve(2*d), keep(2*d)))),
           seq(seq(halve(4*d), keep(4*d)), seq(halve(8*d), keep(8*d))))}`

arch resnet18 in einspace = `${resnet18_from(64)}`
arch resnet18_thin in einspace = `${resnet18_from(16)}`
arch resnet10 in einspace = `${seq(seq(stem(64), seq(keep(64), halve(128))), seq(halve(256), halve(512)))}`
