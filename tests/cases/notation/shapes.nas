// A notation may write shapes: of what an alternative gives, of its locals, of a part of a bundle. They are compared.
// RUN: nasc parse %s 'a[4,3]' 'a[ 4 , 3 ]' 'b[4,3 -> 2,4,3]' 'c[4,3;2,4,3;4,3]' 'd[]' --fields arch
// RUN: nasc parse %s 'c[4,3;2,4,3;2]' || true
// RUN: nasc parse %s 'a[]' || true
// RUN: nasc parse %s 'a[4;3]' || true
op id(x: [..]) -> y: [..] { y[..] = x[..] }
op two(x: [..]) -> y: [2, ..] { y[n, ..] = x[..] }
op sum(x: [N, ..]) -> y: [..] { y[..] += x[n, ..] }
op total(x: [A, B]) -> y: [] { y += x[a, b] }
op spread(x: []) -> y: [4, 3] {
    rank a: 4
    rank b: 3
    y[a, b] = x
}
rule R(x) =
    id(x)                                            as "a" or "a[${:shape}]"
  | sum(b:B(x))                                      as "$b"
  | { let y = two(x); sum(y) }                       as "c" or "c[${x:shape};${y:shape};${y:part}]"
  | { let y = total(x); spread(y) }                  as "d" or "d[${y:shape}]"
rule B(x) = two(x) as "b" or "b[${x:shape} -> ${:shape}]"
space s(x: [4, 3]) -> [4, 3] = x |> r:R as "$r"
// STDOUT:
//   {"arch": "a"}
//   {"arch": "a"}
//   {"arch": "b"}
//   {"arch": "c"}
//   {"arch": "d"}
// STDERR:
//   error[E0702]: the shape is [4,3] here, not [2]
//    --> <arch>:1:13
//     |
//   1 | c[4,3;2,4,3;2]
//     |             ^
//   error[E0702]: the shape is [4,3] here, not []
//    --> <arch>:1:3
//     |
//   1 | a[]
//     |   ^
//   error[E0701]: expected `]`, found `;`
//     --> <arch>:1:4
//      |
//    1 | a[4;3]
//      |    ^
//     ::: shapes.nas:16:64
//      |
//   16 |     id(x)                                            as "a" or "a[${:shape}]"
//      |                                                                -------------- the notation read here
