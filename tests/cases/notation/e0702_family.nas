// A family whose members are computed has no such one.
// RUN: nasc parse %s '4 to 6'
// EXIT: 1
op lin[D](x: [K]) -> y: [D] {
    param w: [D, K] ~ zeros
    y[d] += x[k] * w[d, k]
}
rule H[n](x) = for d in {n, 2*n}: lin[d](x) as "$n to $d"
space s(x: [4]) -> [3] = x |> a:H[4] |> lin[3] as "$a"
// STDERR:
//   error[E0702]: `d` is 4 or 8 here, not `6`
//    --> <arch>:1:6
//     |
//   1 | 4 to 6
//     |      ^
//    ::: e0702_family.nas:9:31
//     |
//   9 | space s(x: [4]) -> [3] = x |> a:H[4] |> lin[3] as "$a"
//     |                               --- drawn here
