// Brackets: the opener is shown, and what follows is read.
// RUN: nasc check %s
// EXIT: 1
rule A(x) = { let y = f(x
    y }
rule B(x) = x |> f(x, y
rule C(x) = x |> g]
net d(x) {
    x |> f
op e(x: [C]) -> y: [C] { y[c] = x[c) }
const a = f(1
// STDERR:
//   error[E0110]: expected `,` or `)`, found `y`
//    --> unbalanced.nas:5:5
//     |
//   5 |     y }
//     |     ^
//     = help: what stands in brackets is separated by `,`; a product needs its `*`
//   error[E0112]: expected `)` before `}`
//    --> unbalanced.nas:5:7
//     |
//   4 | rule A(x) = { let y = f(x
//     |                        - `(` opened here is not closed
//   5 |     y }
//     |       ^
//   error[E0112]: expected `)` before `rule`
//    --> unbalanced.nas:7:1
//     |
//   6 | rule B(x) = x |> f(x, y
//     |                   - `(` opened here is not closed
//   7 | rule C(x) = x |> g]
//     | ^^^^
//   error[E0112]: `]` closes nothing
//    --> unbalanced.nas:7:19
//     |
//   7 | rule C(x) = x |> g]
//     |                   ^
//     = help: remove it, or look for a bracket closed too early
//   error[E0112]: expected `}` before `op`
//     --> unbalanced.nas:10:1
//      |
//    8 | net d(x) {
//      |          - `{` opened here is not closed
//   ...
//   10 | op e(x: [C]) -> y: [C] { y[c] = x[c) }
//      | ^^
//   error[E0112]: `)` where `]` is needed
//     --> unbalanced.nas:10:36
//      |
//   10 | op e(x: [C]) -> y: [C] { y[c] = x[c) }
//      |                                    ^
//      |                                  - it closes this `[`
//   error[E0112]: expected `)` before the end of the file
//     --> unbalanced.nas:11:14
//      |
//   11 | const a = f(1
//      |              ^
//      |            - `(` opened here is not closed
//   error[E0201]: nothing here is called `f`
//    --> unbalanced.nas:6:18
//     |
//   6 | rule B(x) = x |> f(x, y
//     |                  ^
//     = help: the usual operators are in the module std.nn: `import std.nn`
//   error[E0201]: nothing here is called `y`
//    --> unbalanced.nas:6:23
//     |
//   6 | rule B(x) = x |> f(x, y
//     |                       ^
//     = help: the usual operators are in the module std.nn: `import std.nn`
//   error[E0201]: nothing here is called `g`
//    --> unbalanced.nas:7:18
//     |
//   7 | rule C(x) = x |> g]
//     |                  ^
//     = help: the usual operators are in the module std.nn: `import std.nn`
//   error[E0201]: nothing here is called `f`
//    --> unbalanced.nas:9:10
//     |
//   9 |     x |> f
//     |          ^
//     = help: the usual operators are in the module std.nn: `import std.nn`
//   error[E0201]: nothing here is called `f`
//     --> unbalanced.nas:11:11
//      |
//   11 | const a = f(1
//      |           ^
//      = help: the usual operators are in the module std.nn: `import std.nn`
