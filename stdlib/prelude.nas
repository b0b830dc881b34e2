// prelude.nas: the ops behind `+ - * /` and `.0` on tensors.  Imported everywhere; any other definition of a name hides it.

op add(a: T[..], b: T[..]) -> y: T[..] { y[..] = a[..] + b[..] }
op sub(a: T[..], b: T[..]) -> y: T[..] { y[..] = a[..] - b[..] }
op mul(a: T[..], b: T[..]) -> y: T[..] { y[..] = a[..] * b[..] }
op div(a: T[..], b: T[..]) -> y: T[..] { y[..] = a[..] / b[..] }

// A number on one side.
op add_const[V](x: T[..]) -> y: T[..] { y[..] = x[..] + V }
op sub_const[V](x: T[..]) -> y: T[..] { y[..] = x[..] - V }
op mul_const[V](x: T[..]) -> y: T[..] { y[..] = x[..] * V }
op div_const[V](x: T[..]) -> y: T[..] { y[..] = x[..] / V }
op const_sub[V](x: T[..]) -> y: T[..] { y[..] = V - x[..] }
op const_div[V](x: T[..]) -> y: T[..] { y[..] = V / x[..] }

// Part I of a bundle.
op pick[I](x: T[N, ..]) -> y: T[..] where I >= 0, I < N { y[..] = x[I, ..] }

// Parts side by side: `each` over a tuple.
op bundle_of[N](x: T[..]) -> y: T[N, ..] { y[n, ..] = x[..] }
op bundle_join(a: T[N, ..], b: T[M, ..]) -> y: T[N + M, ..] {
    y[i, ..]     = a[i, ..]
    y[N + j, ..] = b[j, ..]
}
