// Mistakes in rules; every alternative that is wrong is said.
// RUN: nasc check %s
// EXIT: 1
rule A(x) { x }
rule B(x) = x |> f(a b) |> g | x = 3 | x |> op as "k"
rule C(x) = x as k | x "foo" | x as "a" y as "b"
rule D(x) = for k in 3: x | for k in {1, 2 3}: x
rule E(x) =
    x |> a
    x |> b
rule F(x) = 0.3 x | _ -> x
// STDERR:
//   error[E0110]: expected `where`, `=` or `->`, found `{`
//    --> rule.nas:4:11
//     |
//   4 | rule A(x) { x }
//     |           ^
//     = help: the alternatives of a rule follow `=`
//   error[E0110]: expected `,` or `)`, found `b`
//    --> rule.nas:5:22
//     |
//   5 | rule B(x) = x |> f(a b) |> g | x = 3 | x |> op as "k"
//     |                      ^
//     = help: what stands in brackets is separated by `,`; a product needs its `*`
//   error[E0110]: expected `where`, `as`, `->`, `|` or the end of the line, found `=`
//    --> rule.nas:5:34
//     |
//   5 | rule B(x) = x |> f(a b) |> g | x = 3 | x |> op as "k"
//     |                                  ^
//     = help: compare with `==`
//   error[E0110]: expected an expression, found `op`
//    --> rule.nas:5:45
//     |
//   5 | rule B(x) = x |> f(a b) |> g | x = 3 | x |> op as "k"
//     |                                             ^^
//     = help: `op` is a reserved word, so nothing can have that name
//   error[E0110]: expected a string, found `k`
//    --> rule.nas:6:18
//     |
//   6 | rule C(x) = x as k | x "foo" | x as "a" y as "b"
//     |                  ^
//     = help: a notation is a string: as "conv($k)"
//   error[E0110]: expected `where`, `as`, `->`, `|` or the end of the line, found a string
//    --> rule.nas:6:24
//     |
//   6 | rule C(x) = x as k | x "foo" | x as "a" y as "b"
//     |                        ^^^^^
//     = help: a notation follows `as`
//   error[E0110]: expected `or`, `|` or the end of the line, found `y`
//    --> rule.nas:6:41
//     |
//   6 | rule C(x) = x as k | x "foo" | x as "a" y as "b"
//     |                                         ^
//     = help: alternatives are separated by `|`, and further notations of one by `or`
//   error[E0110]: expected `{`, found `3`
//    --> rule.nas:7:22
//     |
//   7 | rule D(x) = for k in 3: x | for k in {1, 2 3}: x
//     |                      ^
//     = help: a family ranges over a set in braces: `for k in {1, 3}: ...`
//   error[E0110]: expected `->`, `,`, `..` or `}`, found `3`
//    --> rule.nas:7:44
//     |
//   7 | rule D(x) = for k in 3: x | for k in {1, 2 3}: x
//     |                                            ^
//     = help: what stands in brackets is separated by `,`; a product needs its `*`
//   error[E0110]: expected an item (op, rule, net, space, const, import, ...), found `x`
//     --> rule.nas:10:5
//      |
//   10 |     x |> b
//      |     ^
//      = help: if this is one more alternative of the rule above, begin it with `|`
//   error[E0110]: expected `where`, `as`, `->`, `|` or the end of the line, found `x`
//     --> rule.nas:11:17
//      |
//   11 | rule F(x) = 0.3 x | _ -> x
//      |                 ^
//      = help: a weight is followed by `->`; a product needs its `*`
//   error[E0201]: nothing here is called `a`
//    --> rule.nas:9:10
//     |
//   9 |     x |> a
//     |          ^
//     = help: the usual operators are in the module std.nn: `import std.nn`
