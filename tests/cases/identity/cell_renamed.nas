// cell.nas once more: every op, tensor, index and size has another name, as have the rules and labels; their texts are the same.
op plus(p: T[..], q: T[..]) -> r: T[..] { r[..] = p[..] + q[..] }
op nought(q: [..]) -> r: [..] { r[..] = 0 }
op softmax(q: [..]) -> r: [..] { r[..] = max(q[..], 0) }
op linear[M, R = 3, J = 1, E = floor(R/2), Q = 1, Z = 1, OFFSET = 0](q: [N, A, B]) -> r: [M, U, V]
    where U = floor((A + 2*E - Z*(R - 1) - 1) / J) + 1,
          V = floor((B + 2*E - Z*(R - 1) - 1) / J) + 1,
          NQ = N / Q, U >= 1, V >= 1, M % Q == 0
{
    param kernel: [M, NQ, R, R] ~ kaiming_normal(NQ*R*R)
    sum[m, u, v] += pad(q[floor(m*Q / M)*NQ + n, u*J + Z*s - E, v*J + Z*t - E], 0) * kernel[m, n, s, t]
    if OFFSET == 1 {
        param c: [M] ~ uniform(-1/sqrt(NQ*R*R), 1/sqrt(NQ*R*R))
        r[m, u, v] = sum[m, u, v] + c[m]
    } else {
        r[m, u, v] = sum[m, u, v]
    }
}
op relu[TINY = 1e-5, SLOW = 0.1](q: [N, ..]) -> r: [N, ..] {
    param scale: [N] ~ ones
    param shift: [N] ~ zeros
    state mean: [N] ~ zeros
    state var: [N] ~ ones
    if training {
        let ALL = extent(batch) * extent(..)
        t[n]  += q[batch, n, ..]
        mu[n]  = t[n] / ALL
        d[n]  += (q[batch, n, ..] - mu[n]) * (q[batch, n, ..] - mu[n])
        v[n]   = d[n] / ALL
        next mean[n] = (1 - SLOW) * mean[n] + SLOW * mu[n]
        next var[n]  = (1 - SLOW) * var[n] + SLOW * v[n] * ALL / (ALL - 1)
    } else {
        mu[n] = mean[n]
        v[n]  = var[n]
    }
    r[n, ..] = (q[n, ..] - mu[n]) * rsqrt(v[n] + TINY) * scale[n] + shift[n]
}
op identity[R = 3, J = 1, E = floor(R/2)](q: [N, A, B]) -> r: [N, U, V]
    where U = floor((A + 2*E - R) / J) + 1, V = floor((B + 2*E - R) / J) + 1, U >= 1, V >= 1
{
    rank s, t: R
    whole[n, u, v] += pad(q[n, u*J + s - E, v*J + t - E], 0)
    count[u, v]    += 1 where u*J + s >= E and u*J + s < A + E and v*J + t >= E and v*J + t < B + E
    r[n, u, v]      = whole[n, u, v] / count[u, v]
}

rule Arm(p: [N, A, B]) =
    nought(p)                                as "none"
  | p                                        as "skip_connect"
  | p |> softmax |> linear[N, 1] |> relu     as "nor_conv_1x1"
  | p |> softmax |> linear[N, 3] |> relu     as "nor_conv_3x3"
  | p |> identity[3]                         as "avg_pool_3x3"

rule Block(p) = {
    let one = u:Arm(p)
    let two = plus(v:Arm(p), w:Arm(one))
    plus(plus(g:Arm(p), h:Arm(one)), i:Arm(two))
} as "|$u~0|+|$v~0|$w~1|+|$g~0|$h~1|$i~2|"

space block(p: [2, 3, 3]) -> [2, 3, 3] = p |> z:Block as "$z"
