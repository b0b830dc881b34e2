// RUN: nasc count %s
// EXIT: 1
import std.nn

rule D[n](x) = relu(x) where n == 0 as "relu" | x |> d:D[n - 2] where n > 0 as "d $d"

space s(x: [8, 8]) -> [8, 8] { x |> d:D[3] } as "$d"
// STDERR:
//   error[E0691]: the derivations of `s` cannot be counted: none ends
