// Shapes are read and compared, never printed; and there are two words for them.
// RUN: nasc check %s
// EXIT: 1
op id(x: [..]) -> y: [..] { y[..] = x[..] }
rule R(x) =
    id(x) as "a[${:shape}]"
  | id(x) as "b" or "b[${:size}]"
  | id(x) as "c" or "c[${z:shape}]"
space s(x: [4]) -> [4] = x |> r:R as "$r"
// STDERR:
//   error[E0640]: shapes are read and compared, not printed: this notation would be printed
//    --> e0640_shape.nas:6:17
//     |
//   6 |     id(x) as "a[${:shape}]"
//     |                 ^
//     = help: put a notation without shapes before it: as "..." or "..."
//   error[E0640]: `${` and `:` that begin no hole
//    --> e0640_shape.nas:7:24
//     |
//   7 |   | id(x) as "b" or "b[${:size}]"
//     |                        ^
//     = help: `${y:shape}` stands for the extents of the tensor y, `${y:part}` for those of a part of a bundle; without a name: of what is given
//   error[E0641]: the hole `$z` names nothing of this alternative
//    --> e0640_shape.nas:8:24
//     |
//   8 |   | id(x) as "c" or "c[${z:shape}]"
//     |                        ^
//     = help: a hole names a label, a `let`, an attribute or a family variable; `$$` is a dollar
