// RUN: nasc check %s
// EXIT: 1
import std.nn
rule A(x) = x |> a:A |> b:B as "$a $b" | x |> b:B as "$b"
rule B(x) = x |> a:A as "$a"
space s(x: [4]) = x |> a:A as "$a"
// STDERR:
//   error[E0603]: no derivation of `A` ends: every alternative mentions a rule that does not
//    --> e0603_endless.nas:4:1
//     |
//   4 | rule A(x) = x |> a:A |> b:B as "$a $b" | x |> b:B as "$b"
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//     = help: give it an alternative without such a mention, or end the recursion with `if`
//   error[E0603]: no derivation of `B` ends: every alternative mentions a rule that does not
//    --> e0603_endless.nas:5:1
//     |
//   5 | rule B(x) = x |> a:A as "$a"
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//     = help: give it an alternative without such a mention, or end the recursion with `if`
//   error[E0603]: no derivation of `s` ends: every alternative mentions a rule that does not
//    --> e0603_endless.nas:6:1
//     |
//   6 | space s(x: [4]) = x |> a:A as "$a"
//     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
//     = help: give it an alternative without such a mention, or end the recursion with `if`
//   warning[W0201]: nothing of `std.nn` is used
//    --> e0603_endless.nas:3:1
//     |
//   3 | import std.nn
//     | ^^^^^^^^^^^^^
