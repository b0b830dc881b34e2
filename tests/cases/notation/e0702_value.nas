// An attribute that is another one here.
// RUN: nasc parse %s '4 to 8, 4 to 5'
// EXIT: 1
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule H[n](x) = for d in {n, 2*n}: lin[d](x) as "$n to $d"
space s(x: [4]) -> [3] = x |> a:H[4] |> b:H[5] |> lin[3] as "$a, $b"
// STDERR:
//   error[E0702]: `n` is 5 here, not `4`
//    --> <arch>:1:9
//     |
//   1 | 4 to 8, 4 to 5
//     |         ^
//    ::: e0702_value.nas:9:41
//     |
//   9 | space s(x: [4]) -> [3] = x |> a:H[4] |> b:H[5] |> lin[3] as "$a, $b"
//     |                                         --- drawn here
