// RUN: nasc check %s
// EXIT: 1
const a = 3x3
const b = 1.5k
const c = 99999999999999999999
const d = 10G + 10000000000G
const e = 1e999
const f = 1e
const g = 10kb
// STDERR:
//   error[E0103]: `3x3` is not a number
//    --> bad_number.nas:3:11
//     |
//   3 | const a = 3x3
//     |           ^^^
//     = help: names begin with a letter, a product needs its `*`, and the suffixes are k M G Ki Mi Gi
//   error[E0103]: `1.5k` is not a number
//    --> bad_number.nas:4:11
//     |
//   4 | const b = 1.5k
//     |           ^^^^
//     = help: only integers take a suffix
//   error[E0103]: this integer is too large
//    --> bad_number.nas:5:11
//     |
//   5 | const c = 99999999999999999999
//     |           ^^^^^^^^^^^^^^^^^^^^
//     = note: integers go up to 9223372036854775807
//   error[E0103]: this integer is too large
//    --> bad_number.nas:6:17
//     |
//   6 | const d = 10G + 10000000000G
//     |                 ^^^^^^^^^^^^
//     = note: integers go up to 9223372036854775807
//   error[E0103]: this number is too large
//    --> bad_number.nas:7:11
//     |
//   7 | const e = 1e999
//     |           ^^^^^
//   error[E0103]: `1e` is not a number
//    --> bad_number.nas:8:11
//     |
//   8 | const f = 1e
//     |           ^^
//     = help: an exponent has digits: 1e-3
//   error[E0103]: `10kb` is not a number
//    --> bad_number.nas:9:11
//     |
//   9 | const g = 10kb
//     |           ^^^^
//     = help: names begin with a letter, a product needs its `*`, and the suffixes are k M G Ki Mi Gi
