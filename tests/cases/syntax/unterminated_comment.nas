// RUN: nasc check %s
// EXIT: 1
const a = 1
/* no end
// STDERR:
//   error[E0102]: this comment is not closed
//    --> unterminated_comment.nas:4:1
//     |
//   4 | /* no end
//     | ^^
//     = help: `*/` closes a comment; comments do not nest
