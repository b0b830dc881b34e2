// Characters of other languages, with the way to write it here.
// RUN: nasc check %s
// EXIT: 1
const a = b ? 1 : 2
const c = a && b || !d
const e = 3 × 4 – 2
const f = 2 ** 3 + 2^3
const straße = 1
# not a comment
const g = 'text'
// STDERR:
//   error[E0101]: `?` is not used here
//    --> bad_character.nas:4:13
//     |
//   4 | const a = b ? 1 : 2
//     |             ^
//     = help: there is no `?:`: write `if c then a else b`
//   error[E0101]: `&&` is not used here
//    --> bad_character.nas:5:13
//     |
//   5 | const c = a && b || !d
//     |             ^^
//     = help: write `and`
//   error[E0101]: `||` is not used here
//    --> bad_character.nas:5:18
//     |
//   5 | const c = a && b || !d
//     |                  ^^
//     = help: write `or`; alternatives are separated by one `|`
//   error[E0101]: `!` is not used here
//    --> bad_character.nas:5:21
//     |
//   5 | const c = a && b || !d
//     |                     ^
//     = help: write `not`
//   error[E0101]: `×` is not used here
//    --> bad_character.nas:6:13
//     |
//   6 | const e = 3 × 4 – 2
//     |             ^
//     = help: write `*`
//   error[E0101]: `–` is not used here
//    --> bad_character.nas:6:18
//     |
//   6 | const e = 3 × 4 – 2
//     |                 ^
//     = help: write `-`
//   error[E0101]: `**` is not used here
//    --> bad_character.nas:7:13
//     |
//   7 | const f = 2 ** 3 + 2^3
//     |             ^^
//     = help: write `pow(a, b)`
//   error[E0101]: `^` is not used here
//    --> bad_character.nas:7:21
//     |
//   7 | const f = 2 ** 3 + 2^3
//     |                     ^
//     = help: write `pow(a, b)`
//   error[E0101]: U+00DF cannot be in a name
//    --> bad_character.nas:8:11
//     |
//   8 | const straße = 1
//     |           ^^
//     = help: names consist of ASCII letters, digits and `_`; comments and strings may hold any text
//   error[E0110]: expected `=`, found `ße`
//    --> bad_character.nas:8:11
//     |
//   8 | const straße = 1
//     |           ^^
//   error[E0101]: `#` is not used here
//    --> bad_character.nas:9:1
//     |
//   9 | # not a comment
//     | ^
//     = help: comments begin with `//`
//   error[E0101]: `'` is not used here
//     --> bad_character.nas:10:11
//      |
//   10 | const g = 'text'
//      |           ^
//      = help: strings are written "..."
//   error[E0101]: `'` is not used here
//     --> bad_character.nas:10:16
//      |
//   10 | const g = 'text'
//      |                ^
//      = help: strings are written "..."
//   error[E0201]: nothing here is called `a`
//    --> bad_character.nas:5:11
//     |
//   5 | const c = a && b || !d
//     |           ^
//     = help: the usual operators are in the module std.nn: `import std.nn`
//   error[E0201]: nothing here is called `b`
//    --> bad_character.nas:5:16
//     |
//   5 | const c = a && b || !d
//     |                ^
//     = help: the usual operators are in the module std.nn: `import std.nn`
//   error[E0201]: nothing here is called `d`
//    --> bad_character.nas:5:22
//     |
//   5 | const c = a && b || !d
//     |                      ^
//     = help: the usual operators are in the module std.nn: `import std.nn`
