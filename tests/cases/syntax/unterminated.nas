// RUN: nasc check %s
// EXIT: 1
const a = "no end
const b = "fine"
arch x in y = `from here on
all is text
// STDERR:
//   error[E0102]: this string is not closed on its line
//    --> unterminated.nas:3:11
//     |
//   3 | const a = "no end
//     |           ^^^^^^^
//     = help: a string ends with `"`; a line end in it is written \n
//   error[E0102]: this architecture text is not closed
//    --> unterminated.nas:5:15
//     |
//   5 | arch x in y = `from here on
//     |               ^
//     = help: a text from one backtick to the next may span lines
//   error[E0201]: `y` is no space or net
//    --> unterminated.nas:5:11
//     |
//   5 | arch x in y = `from here on
//     |           ^
