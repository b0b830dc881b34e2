// What is not an item.
// RUN: nasc check %s
// EXIT: 1
rul R(x) = x
def f(x) = x
let q = 3
const a = .5
const b = choose {1, 2,}
const w = a -> b
text t = "abc"
limit 3
import a.
space s(x) -> [3] = `abc`
map g { tile i: ; order j }
monoid m(a) { zero 0; lift (x); merge (a, b) a }
// STDERR:
//   error[E0110]: expected an item (op, rule, net, space, const, import, ...), found `rul`
//    --> items.nas:4:1
//     |
//   4 | rul R(x) = x
//     | ^^^
//     = help: did you mean `rule`?
//   error[E0110]: expected an item (op, rule, net, space, const, import, ...), found `def`
//    --> items.nas:5:1
//     |
//   5 | def f(x) = x
//     | ^^^
//     = help: functions of tensors are written `op`, `net` or `rule`
//   error[E0110]: expected an item (op, rule, net, space, const, import, ...), found `let`
//    --> items.nas:6:1
//     |
//   6 | let q = 3
//     | ^^^
//     = help: a constant of a file is written `const NAME = ...`
//   error[E0110]: expected an expression, found `.`
//    --> items.nas:7:11
//     |
//   7 | const a = .5
//     |           ^
//     = help: a fraction needs a digit before its point: 0.5
//   error[E0110]: expected an expression, found `}`
//    --> items.nas:8:24
//     |
//   8 | const b = choose {1, 2,}
//     |                        ^
//     = help: a list does not end with a comma
//   error[E0110]: expected an operator or the end of the line, found `->`
//    --> items.nas:9:13
//     |
//   9 | const w = a -> b
//     |             ^^
//     = help: a weight stands before an alternative of a rule or of `choose {...}`
//   error[E0110]: expected an architecture text in backticks, found a string
//     --> items.nas:10:10
//      |
//   10 | text t = "abc"
//      |          ^^^^^
//      = help: an architecture text stands in backticks
//   error[E0110]: expected a name, found `3`
//     --> items.nas:11:7
//      |
//   11 | limit 3
//      |       ^
//      = help: `limit` begins a declaration here; as a name it cannot be the first word of a line
//   error[E0110]: expected `as`, `.`, `(` or the end of the line, found `s`
//     --> items.nas:13:7
//      |
//   13 | space s(x) -> [3] = `abc`
//      |       ^
//   error[E0110]: expected an expression, found `;`
//     --> items.nas:14:17
//      |
//   14 | map g { tile i: ; order j }
//      |                 ^
//   error[E0110]: expected an expression, found `;`
//     --> items.nas:15:31
//      |
//   15 | monoid m(a) { zero 0; lift (x); merge (a, b) a }
//      |                               ^
