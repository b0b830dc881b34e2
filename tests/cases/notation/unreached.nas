// Notations are checked without a space: a library of rules.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op neg(x: [..]) -> y: [..] { y[..] = -x[..] }
inline rule Sign(x) = id(x) as "+" | neg(x) as "-"
rule E(x) = s:Sign(x) as "sign" | x |> a:E |> b:E as "$a, $c"
rule F(x) = s:Sign(x) as "$s" | for k in {1, 2}: x |> repeat k { l:E } as "$k: $l"
// STDERR:
//   error[E0642]: the notation does not say what is drawn for `s`
//    --> unreached.nas:7:26
//     |
//   7 | rule E(x) = s:Sign(x) as "sign" | x |> a:E |> b:E as "$a, $c"
//     |                          ^^^^^^
//     |               ---- drawn here
//     = help: add `$s` to the notation
//   error[E0641]: the hole `$c` names nothing of this alternative
//    --> unreached.nas:7:59
//     |
//   7 | rule E(x) = s:Sign(x) as "sign" | x |> a:E |> b:E as "$a, $c"
//     |                                                           ^^
//     = help: a hole names a label, a `let`, an attribute or a family variable; `$$` is a dollar
//   error[E0643]: `l` is drawn once a round, any number of times
//    --> unreached.nas:8:80
//     |
//   8 | rule F(x) = s:Sign(x) as "$s" | for k in {1, 2}: x |> repeat k { l:E } as "$k: $l"
//     |                                                                                ^^
//     |                                                                    - drawn here, in a `repeat`
//     = help: write a list with its separator: `${l|, }`
