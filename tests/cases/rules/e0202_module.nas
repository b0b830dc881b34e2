// RUN: nasc check %s
// EXIT: 1
import std.nnn
import unheard_of (a)
net f(x) = x
// STDERR:
//   error[E0202]: no module `std.nnn` (looked for %{root}/stdlib/nnn.nas)
//    --> e0202_module.nas:3:8
//     |
//   3 | import std.nnn
//     |        ^^^^^^^
//   error[E0202]: no module `unheard_of` (looked for unheard_of.nas)
//    --> e0202_module.nas:4:8
//     |
//   4 | import unheard_of (a)
//     |        ^^^^^^^^^^
