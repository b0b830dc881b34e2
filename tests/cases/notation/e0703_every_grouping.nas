// A notation without brackets, and a network that is refused however the words are grouped.
// RUN: nasc parse %s 'same same same same same same same same same same same same'
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op half(x: [K]) -> y: [D] where D = K / 2 { y[d] = x[2*d] }
rule H(x) = id(x) as "same" | half(x) as "half" | x |> a:H |> b:H as "$a $b"
space s(x: [4]) -> [3] = x |> h:H as "$h"
// STDERR:
//   error[E0703]: 3 stands here, and axis 0 of [4] is 4
//    --> <arch>:1:56
//     |
//   1 | same same same same same same same same same same same same
//     |                                                        ^^^^
//    ::: e0703_every_grouping.nas:7:21
//     |
//   7 | space s(x: [4]) -> [3] = x |> h:H as "$h"
//     |                     - here in the grammar
