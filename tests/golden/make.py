#!/usr/bin/env python3
"""Reference values for test_golden, computed with NumPy in double precision from f32 inputs and weights.

Writes NAME.x.npy (inputs), NAME.y.npy (f64 results) and NAME.safetensors (weights) beside itself; the files
are committed, so that tests need no NumPy.  Deterministic: same NumPy, same bytes."""
import json
import math
import os
import struct

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 2
rng = np.random.Generator(np.random.Philox(2024))


def draw(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def save(name, x, y, **weights):
    np.save(f"{HERE}/{name}.x.npy", x)
    np.save(f"{HERE}/{name}.y.npy", y if y.dtype == np.int32 else y.astype(np.float64))
    if not weights:
        return
    header, data = {}, b""
    for key in sorted(weights):
        w = weights[key]
        header[key.replace("__", ".")] = {"dtype": "F32", "shape": list(w.shape), "data_offsets": [len(data), len(data) + w.nbytes]}
        data += w.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{HERE}/{name}.safetensors", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def d(a):
    return a.astype(np.float64)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def linear(x, w, b):
    return x @ d(w).T + d(b)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


erf = np.vectorize(math.erf)


def conv(x, w, stride=1, pad=0, dilation=1, groups=1):
    b, c, h, wd = x.shape
    o, cg, kh, kw = w.shape
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    oh = (h + 2 * pad - dilation * (kh - 1) - 1) // stride + 1
    ow = (wd + 2 * pad - dilation * (kw - 1) - 1) // stride + 1
    y = np.zeros((b, o, oh, ow))
    for g in range(groups):
        outs = slice(g * o // groups, (g + 1) * o // groups)
        for i in range(kh):
            for j in range(kw):
                part = x[:, g * cg:(g + 1) * cg, i * dilation:i * dilation + stride * (oh - 1) + 1:stride,
                         j * dilation:j * dilation + stride * (ow - 1) + 1:stride]
                y[:, outs] += np.einsum("bchw,oc->bohw", part, w[outs, :, i, j])
    return y


x = draw(BATCH, 5, 12)
save("g_softmax", x, softmax(d(x)))

for name, causal in (("g_attention", False), ("g_causal", True)):
    x = draw(BATCH, 7, 6)
    w = {}
    for k, (n, m) in (("linear", (4, 6)), ("linear_2", (4, 6)), ("linear_3", (4, 6)), ("linear_4", (6, 4))):
        w[f"m__{k}__w"], w[f"m__{k}__b"] = draw(n, m), draw(n)
    q, k, v = (linear(d(x), w[f"m__{l}__w"], w[f"m__{l}__b"]).reshape(BATCH, 7, 2, 2).transpose(0, 2, 1, 3) for l in ("linear", "linear_2", "linear_3"))
    s = q @ k.transpose(0, 1, 3, 2) / np.sqrt(2)
    if causal:
        s = np.where(np.tril(np.ones((7, 7), bool)), s, -np.inf)
    y = (softmax(s) @ v).transpose(0, 2, 1, 3).reshape(BATCH, 7, 4)
    save(name, x, linear(y, w["m__linear_4__w"], w["m__linear_4__b"]), **w)

x, g, b = draw(BATCH, 4, 10), draw(10), draw(10)
z = d(x)
save("g_layer_norm", x, (z - z.mean(-1, keepdims=True)) / np.sqrt(z.var(-1, keepdims=True) + 1e-5) * d(g) + d(b), layer_norm__g=g, layer_norm__b=b)

x, wx, wh, b = draw(BATCH, 6, 5), draw(4, 4, 5), draw(4, 4, 4), draw(4, 4)
h, c, out = np.zeros((BATCH, 4)), np.zeros((BATCH, 4)), []
for t in range(6):
    i, f, n, o = (d(x[:, t]) @ d(wx[k]).T + h @ d(wh[k]).T + d(b[k]) for k in range(4))
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(n)
    h = sigmoid(o) * np.tanh(c)
    out.append(h)
save("g_lstm", x, np.stack(out, 1), lstm__wx=wx, lstm__wh=wh, lstm__b=b)

x = draw(BATCH, 9, 3)
save("g_prefix", x, np.cumsum(d(x), 1))

x = draw(BATCH, 4, 25)
save("g_welford", x, d(x).var(-1))

x = draw(BATCH, 2, 7, 6)
p = np.pad(d(x), ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
save("g_max_pool", x, np.max([p[:, :, i:i + 7:2, j:j + 5:2] for i in range(3) for j in range(3)], 0))

x, w = draw(BATCH, 3, 8, 7), draw(4, 3, 3, 3)
save("g_dilated", x, conv(d(x), d(w), pad=2, dilation=2), dilated__w=w)

x, w, b = draw(BATCH, 4, 7, 6), draw(6, 2, 3, 3), draw(6)
save("g_grouped", x, conv(d(x), d(w), stride=2, pad=1, groups=2) + d(b)[:, None, None], conv__w=w, conv__b=b)

x, w, b = draw(BATCH, 2, 6, 5), draw(4, 18), draw(4)
save("g_unfold", x, conv(d(x), d(w).reshape(4, 2, 3, 3), stride=2, pad=1) + d(b)[:, None, None], linear__w=w, linear__b=b)

x, w, b = draw(BATCH, 5, 4), draw(3, 6, 4), draw(3, 6)
z = np.einsum("bsk,rdk->brsd", d(x), d(w)) + d(b)[:, None, :]
save("g_each", x, (0.5 * z * (1 + erf(z / np.sqrt(2)))).sum(1), E__linear__w=w, E__linear__b=b)

x = draw(BATCH, 6, 9)
save("g_argmax", x, x.argmax(-1).astype(np.int32))

x, w = rng.integers(0, 11, (BATCH, 7)).astype(np.int32), draw(11, 3)
save("g_embed", x, d(w)[x], embed__w=w)
