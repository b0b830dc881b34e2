// A notation without brackets, and a network that is refused however the words are grouped: not all groupings are tried.
// RUN: nasc parse %s 'same same same same same same same same same same same same'
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op half(x: [K]) -> y: [D] where D = K / 2 { y[d] = x[2*d] }
rule H(x) = id(x) as "same" | half(x) as "half" | x |> a:H |> b:H as "$a $b"
space s(x: [4]) -> [3] = x |> h:H as "$h"
// STDERR:
//   error[E0705]: the text has more readings than are tried (2000)
//    --> <arch>:1:1
//     |
//   1 | same same same same same same same same same same same same
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//     = note: the notation leaves too much open
