// A byte that is not UTF-8, in a comment: ÿ
// RUN: nasc check %s
// EXIT: 1
const a = 1
const b = a þþ 2
// STDERR:
//   error[E0104]: byte 0xff is not UTF-8 text here
//    --> not_utf8.nas:1:44
//     |
//   1 | // A byte that is not UTF-8, in a comment: ï¿½
//     |                                            ^
//     = help: save the file in the encoding UTF-8
