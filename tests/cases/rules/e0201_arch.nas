// RUN: nasc check %s
// EXIT: 1
import std.nn
space s(x: [4]) = x |> a:A as "$a"
rule A(x) = x as "i" | relu(x) as "r"
arch best in spaace = `r`
// STDERR:
//   error[E0201]: `spaace` is no space or net
//    --> e0201_arch.nas:6:14
//     |
//   6 | arch best in spaace = `r`
//     |              ^^^^^^
