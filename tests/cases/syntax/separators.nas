// Which line ends separate: as the tokens say.
// RUN: nasc check --dump=tokens %s | grep -c SEP
// RUN: nasc check --dump=ast %s
const a = 1 +
    2
const b = 1
    + 2; const c = f(1
  ,2)
rule R(x)
    = x
    | x
        where a
        as "b"
const d = if a
    then b
    else c
// STDOUT:
//   5
//   (file
//     (const a
//       (binary +
//         (int 1)
//         (int 2)))
//     (const b
//       (binary +
//         (int 1)
//         (int 2)))
//     (const c
//       (call
//         (id f)
//         (int 1)
//         (int 2)))
//     (rule R
//       (attrs)
//       (params
//         (param x -)) - -
//       (alts
//         (alt
//           (fors) -
//           (id x) - -)
//         (alt
//           (fors) -
//           (id x)
//           (where
//             (id a))
//           (note
//             (string b)))))
//     (const d
//       (if
//         (id a)
//         (id b)
//         (id c))))
