// RUN: nasc check %s
// EXIT: 1
net a(x) = x |> (y + 1) => y
net b(x) = x |> f(y) => y
net c(x) = x |> () => 1
// STDERR:
//   error[E0114]: left of `=>` stands a name or names in parentheses
//    --> bad_lambda.nas:3:17
//     |
//   3 | net a(x) = x |> (y + 1) => y
//     |                 ^^^^^^^
//     = help: y => y + 1, or (a, b) => a + b
//   error[E0114]: left of `=>` stands a name or names in parentheses
//    --> bad_lambda.nas:4:17
//     |
//   4 | net b(x) = x |> f(y) => y
//     |                 ^^^^
//     = help: y => y + 1, or (a, b) => a + b
//   error[E0114]: left of `=>` stands a name or names in parentheses
//    --> bad_lambda.nas:5:17
//     |
//   5 | net c(x) = x |> () => 1
//     |                 ^^
//     = help: y => y + 1, or (a, b) => a + b
