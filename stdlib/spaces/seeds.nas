// The networks that einspace's authors seed their searches with, for 3x64x64 inputs and 10 classes:
//     nasc show std.spaces.seeds einspace -D H=64 -D W=64 --arch resnet18
import std.spaces.einspace

// ---- the notation of einspace, by names ------------------------------------------------------------

text seq(a, b) = `sequential(${a}, ${b})`
text comp(c) = `computation<${c}>`
text linear(d) = `${comp("linear(" ++ d ++ ")")}`
text norm = `${comp("norm")}`
text relu = `${comp("relu")}`
text identity = `${comp("identity")}`
text route(p, m, r) = `routing[${p}, ${m}, ${r}]`
text two(l, r, a) = `branching(2){clone(2), ${l}, ${r}, ${a}}`
text residual(f) = `${two(f, identity, "add(2)")}`
text conv(k, s, d) = `${route("im2col(" ++ k ++ "," ++ s ++ "," ++ floor(k/2) ++ ")", linear(d), "col2im")}`
text transpose(m, r) = `${route("perm(0,2,1)", m, r)}`
text turned(m) = `${route("identity", m, "perm(0,2,1)")}`
// 4x4 patches as a sequence of 512 features, with their positions
text patches = `${seq(route("im2col(4,4,0)", linear(512), "identity"), comp("pos_enc"))}`

// ---- ResNet-18: 11,215,690 parameters ---------------------------------------------------------------

text conv_norm(k, s, d) = `${seq(conv(k, s, d), norm)}`
text conv_norm_relu(k, s, d) = `${seq(conv_norm(k, s, d), relu)}`
text resnet_block(s, d, short) = `${seq(two(seq(conv_norm_relu(3, s, d), conv_norm(3, 1, d)), short, "add(2)"), relu)}`
text resnet_stage(s,
    d) = `${seq(resnet_block(s, d, if s == 1 then identity else conv_norm(1, s, d)), resnet_block(1, d, identity))}`
text resnet18_stem = `${seq(conv_norm_relu(3, 1, 64), conv(3, 2, 64))}`
arch resnet18 in einspace = `${seq(seq(resnet18_stem, seq(resnet_stage(1, 64), resnet_stage(2, 128))), seq(resnet_stage(2, 256), resnet_stage(2, 512)))}`

// ---- WideResNet-16-4: 2,751,146 ---------------------------------------------------------------------

text norm_relu = `${seq(norm, relu)}`
text wide(s, d) = `${seq(seq(conv(3, s, d), norm_relu), conv(3, 1, d))}`
text wide_block(s, d, short) = `${seq(two(wide(s, d), short, "add(2)"), norm_relu)}`
text wide_stage(s, d) = `${seq(wide_block(s, d, conv(1, s, d)), wide_block(1, d, identity))}`
arch wrn16_4 in einspace = `${seq(conv_norm_relu(3, 1, 16), seq(seq(wide_stage(1, 64), wide_stage(2, 128)), wide_stage(2, 256)))}`

// ---- ViT, 4 layers, 4 heads of 64: 4,370,442 --------------------------------------------------------

text scores = `${seq(two(linear(64), turned(linear(64)), "dot_product(scaled)"), comp("softmax"))}`
text attention = `${two(scores, linear(64), "dot_product")}`
text heads = `${seq("branching(4){clone(4), " ++ attention ++ ", cat(4,2)}", linear(512))}`
text mlp(m, d) = `${seq(seq(linear(m), relu), linear(d))}`
text vit_layer = `${seq(seq(residual(heads), norm), seq(residual(mlp(512, 512)), norm))}`
text twice(a) = `${seq(a, a)}`
arch vit_d4 in einspace = `${seq(patches, twice(twice(vit_layer)))}`

// ---- MLP-Mixer, 8 layers: 6,474,762 -----------------------------------------------------------------

text tokens = `${seq(seq(transpose(linear("x4"), "identity"), relu), turned(linear("x0.25")))}`
text mixer_layer = `${residual(seq(norm, seq(tokens, mlp(256, 512))))}`
arch mlp_mixer in einspace = `${seq(patches, twice(twice(twice(mixer_layer))))}`
