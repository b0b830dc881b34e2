// A notation without brackets, and a text with more groupings than any table holds: said, not tried.
// RUN: nasc parse %s "$(yes same | head -n 400 | tr '\n' ' ')"
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
rule H(x) = id(x) as "same" | x |> a:H |> b:H as "$a $b"
space s(x: [4]) -> [4] = x |> h:H as "$h"
// STDERR:
//   error[E0705]: this text is given up: its parts fit the notation in more ways than are kept
//    --> <arch>:1:1
//     |
//   1 | same same same same same same same same same same same same same same same same same same same same same same same same ...
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//     = note: the notation leaves too much open
//     = help: brackets in the notation, or a word of its own for each alternative, make texts short to read
