// RUN: nasc check %s
// EXIT: 1
const a = "tab \t, quote \", backslash \\, and \q"
// STDERR:
//   error[E0105]: unknown escape in a string
//    --> bad_escape.nas:3:48
//     |
//   3 | const a = "tab \t, quote \", backslash \\, and \q"
//     |                                                ^^
//     = help: known are \" \\ \n and \t; a backslash itself is \\
