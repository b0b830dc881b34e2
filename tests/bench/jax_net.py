"""A tape of tests/torch/nets.py as a jax function of (parameters, x): a row per operation."""
import jax
import jax.numpy as jnp
from jax import lax

CONV = ("NCHW", "OIHW", "NCHW")


def conv2d(x, w, b, s, p):
    y = lax.conv_general_dilated(x, w, (s, s), [(p, p), (p, p)], dimension_numbers=CONV)
    return y if b is None else y + b[:, None, None]


def window(x, k, s, p, zero, step):
    return lax.reduce_window(x, zero, step, (1, 1, k, k), (1, 1, s, s), ((0, 0), (0, 0), (p, p), (p, p)))


def avg_pool(x, k, s, p):
    return window(x, k, s, p, 0.0, lax.add) / window(jnp.ones((1, 1, *x.shape[2:]), x.dtype), k, s, p, 0.0, lax.add)


def batch_norm(x, m, v, g, b):
    form = (-1,) + (1,) * (x.ndim - 2)
    scale = g * lax.rsqrt(v + 1e-5)
    return x * scale.reshape(form) + (b - m * scale).reshape(form)


def layer_norm(x, g, b):
    m = x.mean(-1, keepdims=True)
    return (x - m) * lax.rsqrt(((x - m) ** 2).mean(-1, keepdims=True) + 1e-5) * g + b


def unfold(x, k, s, p):
    y = lax.conv_general_dilated_patches(x, (k, k), (s, s), [(p, p), (p, p)], dimension_numbers=CONV)
    return y.reshape(*y.shape[:2], -1)


OPS = {
    "conv2d": conv2d, "linear": lambda x, w, b: x @ w.T + b, "matmul": jnp.matmul, "add": jnp.add, "mul": lambda x, k: x * k,
    "batch_norm": batch_norm, "layer_norm": layer_norm, "relu": jax.nn.relu, "leaky_relu": jax.nn.leaky_relu,
    "softmax": lambda x: jax.nn.softmax(x, -1), "cat": lambda dim, *xs: jnp.concatenate(xs, dim),
    "narrow": lambda x, d, start, n: lax.slice_in_dim(x, start, start + n, axis=d), "permute": jnp.transpose, "reshape": jnp.reshape,
    "unfold": unfold, "mean": lambda x, dims: x.mean(dims), "zeros_like": jnp.zeros_like, "avg_pool": avg_pool,
    "max_pool": lambda x, k, s, p: window(x, k, s, p, -jnp.inf, lax.max),
}


def function(net):
    """f(params, x) and its params, of a built Net."""
    params = {i: jnp.asarray(e[2].numpy()) for i, e in enumerate(net.tape) if e[0] == "param"}
    index = type(net.result)

    def f(params, x):
        value = []
        for i, entry in enumerate(net.tape):
            if entry[0] == "input":
                value.append(x)
            elif entry[0] == "param":
                value.append(params[i])
            else:
                name, args = entry
                value.append(OPS[name](*(value[a.index] if isinstance(a, index) else a for a in args)))
        return value[net.result.index]
    return f, params
