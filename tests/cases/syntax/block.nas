// Mistakes in blocks.
// RUN: nasc check %s
// EXIT: 1
net h(x) {
    let a
    b = 4
    let c = if a then b
    (h w)
    let d = f(x)
    { d }
    if a < b < c then d else e
    x |> f[(2*h w)]
}
net n(x) = {}
net o(x) = a:b(x):c
// STDERR:
//   error[E0110]: expected `=`, found the end of the line
//    --> block.nas:5:10
//     |
//   5 |     let a
//     |          ^
//     = help: `let` gives a value a name: `let n = ...`
//   error[E0110]: expected `}` or the end of the line, found `=`
//    --> block.nas:6:7
//     |
//   6 |     b = 4
//     |       ^
//     = help: a block names a value with `let x = ...`
//   error[E0110]: expected `else`, found the end of the line
//    --> block.nas:7:24
//     |
//   7 |     let c = if a then b
//     |                        ^
//     = help: an expression chooses with `if c then a else b`
//   error[E0110]: expected `,` or `)`, found `w`
//    --> block.nas:8:8
//     |
//   8 |     (h w)
//     |        ^
//     = help: `(h w)` folds axes, directly inside [ ] and of names only; a product needs its `*`
//   error[E0110]: expected `}` or the end of the line, found `{`
//     --> block.nas:10:5
//      |
//   10 |     { d }
//      |     ^
//      = help: a line that begins with `{` goes on with the line before: put a `;` between them
//   error[E0110]: expected `then`, found `<`
//     --> block.nas:11:14
//      |
//   11 |     if a < b < c then d else e
//      |              ^
//      = help: comparisons do not chain: write `a < b and b < c`
//   error[E0110]: expected `,` or `)`, found `w`
//     --> block.nas:12:17
//      |
//   12 |     x |> f[(2*h w)]
//      |                 ^
//      = help: what stands in brackets is separated by `,`; a product needs its `*`
//   error[E0110]: expected a statement or an expression, found `}`
//     --> block.nas:14:13
//      |
//   14 | net n(x) = {}
//      |             ^
//      = help: a block ends with its value, and an op's body says what its output is
//   error[E0110]: expected `where`, `as`, `->` or the end of the line, found `:`
//     --> block.nas:15:18
//      |
//   15 | net o(x) = a:b(x):c
//      |                  ^
//      = help: a label stands before one name: `a:Edge`
