// RUN: nasc check %s
// EXIT: 1
const rule = 3
rule R[choose](let) = x
net n(x) = { let once = x; once }
op as(x: [C]) -> y: [C] { y[c] = x[c] }
// STDERR:
//   error[E0113]: `rule` is a reserved word and cannot be a name
//    --> reserved_word.nas:3:7
//     |
//   3 | const rule = 3
//     |       ^^^^
//     = help: choose another name
//   error[E0113]: `choose` is a reserved word and cannot be a name
//    --> reserved_word.nas:4:8
//     |
//   4 | rule R[choose](let) = x
//     |        ^^^^^^
//     = help: choose another name
//   error[E0113]: `once` is a reserved word and cannot be a name
//    --> reserved_word.nas:5:18
//     |
//   5 | net n(x) = { let once = x; once }
//     |                  ^^^^
//     = help: choose another name
//   error[E0110]: expected a name, `choose`, `(` or `{`, found `}`
//    --> reserved_word.nas:5:33
//     |
//   5 | net n(x) = { let once = x; once }
//     |                                 ^
//   error[E0113]: `as` is a reserved word and cannot be a name
//    --> reserved_word.nas:6:4
//     |
//   6 | op as(x: [C]) -> y: [C] { y[c] = x[c] }
//     |    ^^
//     = help: choose another name
