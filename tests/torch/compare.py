"""nasc's native code against PyTorch with the same weights: einspace's seeds and NAS-Bench-201 cells.

    python3 tests/torch/compare.py NASC [--cells N] [--size S]

For each network: weights from nasc's seed, the ones and zeros among them made rough, written back as safetensors and read by
both; one real batch of two; the largest difference, relative to the largest output.  Needs torch and numpy.  Exit 1 beyond 1e-4.
"""
import json, os, random, re, subprocess, sys, tempfile
import numpy as np
import torch
import torch.nn.functional as F

torch.set_grad_enabled(False)
torch.set_num_threads(1)
DTYPES = {"F32": np.float32}


def load(path):
    raw = open(path, "rb").read()
    n = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8:8 + n])
    head.pop("__metadata__", None)
    return {k: np.frombuffer(raw, DTYPES[v["dtype"]], count=int(np.prod(v["shape"])),
                             offset=8 + n + v["data_offsets"][0]).reshape(v["shape"]).copy() for k, v in head.items()}


def save(path, tensors):
    head, body = {}, b""
    for k in sorted(tensors):
        data = tensors[k].astype(np.float32).tobytes()
        head[k] = {"dtype": "F32", "shape": list(tensors[k].shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(len(text).to_bytes(8, "little") + text + body)


class Net:
    """Parameters are taken in the order of their numbers, which is the order in which ops are instantiated."""

    def __init__(self, names, tensors):
        self.queue = [torch.from_numpy(tensors[n]) for n in names]
        self.at = 0

    def take(self, n):
        self.at += n
        return self.queue[self.at - n:self.at]

    def batch_norm(self, x):
        g, b, m, v = self.take(4)
        return F.batch_norm(x, m, v, g, b, False, 0.1, 1e-5)

    def conv(self, x, s=1, p=None):
        w, = self.take(1)
        return F.conv2d(x, w, stride=s, padding=w.shape[-1] // 2 if p is None else p)


class Einspace(Net):
    def parse(self, text):
        self.tok = re.findall(r"[a-z_0-9.]+|[(){}\[\]<>,]", text.replace(" ", ""))
        self.i = 0
        return self.module()

    def word(self):
        self.i += 1
        return self.tok[self.i - 1]

    def terminal(self):
        name, args = self.word(), []
        if self.i < len(self.tok) and self.tok[self.i] == "(":
            self.i += 1
            while self.tok[self.i] != ")":
                t = self.word()
                if t != ",":
                    args.append(t)
            self.i += 1
        return name, args

    def items(self, close):
        out = []
        self.i += 1
        while self.tok[self.i] != close:
            if self.tok[self.i] == ",":
                self.i += 1
                continue
            out.append(self.module() if self.tok[self.i] in ("sequential", "branching", "routing", "computation") else self.terminal())
        self.i += 1
        return out

    def module(self):
        kind = self.word()
        if kind == "branching":
            self.i += 1
            n = int(self.word())
            self.i += 1
            return kind, n, self.items("}")
        return kind, 0, self.items({"sequential": ")", "routing": "]", "computation": ">"}[kind])

    # `copies` in front of the batch: replicated bodies run one by one, each with its slice of the parameters
    def run(self, m, x, rep=()):
        kind, n, c = m
        if kind == "sequential":
            return self.run(c[1], self.run(c[0], x, rep), rep)
        if kind == "routing":
            y, hw = self.route(c[0], x, None)
            y = self.run(c[1], y, rep)
            return self.route(c[2], y, hw)[0]
        if kind == "computation":
            return self.compute(c[0], x, rep)
        name, args = c[0]
        parts = [x] * n if name == "clone" else list(torch.chunk(x, n, dim=int(args[1])))
        if n == 2:
            parts = [self.run(c[1], parts[0], rep), self.run(c[2], parts[1], rep)]
        else:
            start = self.at
            outs = []
            for i, p in enumerate(parts):
                self.at = start
                outs.append(self.run(c[1], p, rep + (i,)))
            parts = outs
        name, args = c[-1]
        if name == "add":
            return sum(parts[1:], parts[0])
        if name == "cat":
            return torch.cat(parts, dim=int(args[1]))
        y = parts[0] @ parts[1]
        return y / parts[0].shape[-1] ** 0.5 if args else y

    def route(self, t, x, hw):
        name, args = t
        if name == "perm":
            return x.permute(*map(int, args)), None
        if name == "im2col":
            k, s, p = map(int, args)
            oh, ow = [(d + 2 * p - k) // s + 1 for d in x.shape[2:]]
            return F.unfold(x, k, stride=s, padding=p).transpose(1, 2), (oh, ow)
        if name == "col2im":
            return x.transpose(1, 2).reshape(x.shape[0], -1, *hw), None
        return x, hw if name == "identity" else None

    def slice(self, n, rep):
        out = []
        for w in self.take(n):
            for i in rep:
                w = w[i]
            out.append(w)
        return out

    def compute(self, t, x, rep):
        name, args = t
        if name == "linear":
            w, b = self.slice(2, rep)
            return F.linear(x, w, b)
        if name == "norm" and x.dim() == 4:
            g, b, m, v = self.slice(4, rep)
            return F.batch_norm(x, m, v, g, b, False, 0.1, 1e-5)
        if name == "norm":
            g, b = self.slice(2, rep)
            return F.layer_norm(x, x.shape[-1:], g, b, 1e-5)
        if name == "relu":
            return F.leaky_relu(x, 0.01)
        if name == "softmax":
            return F.softmax(x, -1)
        if name == "pos_enc":
            return x + self.slice(1, rep)[0]
        return x

    def forward(self, text, x):
        y = self.run(self.parse(text), x)
        y = y.mean((2, 3)) if y.dim() == 4 else y.mean(2)
        w, b = self.take(2)
        return F.linear(y, w, b)


class Cell201(Net):
    def edge(self, op, x):
        if op == "none":
            return torch.zeros_like(x)
        if op == "skip_connect":
            return x
        if op == "avg_pool_3x3":
            return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return self.batch_norm(self.conv(F.relu(x)))

    def cell(self, ops, x):
        n1 = self.edge(ops[0], x)
        n2 = self.edge(ops[1], x) + self.edge(ops[2], n1)
        return self.edge(ops[3], x) + self.edge(ops[4], n1) + self.edge(ops[5], n2)

    def reduce(self, x):
        y = self.batch_norm(self.conv(F.relu(x), 2))
        y = self.batch_norm(self.conv(F.relu(y)))
        return y + self.conv(F.avg_pool2d(x, 2, 2))

    def forward(self, text, x):
        ops = re.findall(r"([a-z0-9_]+)~", text)
        x = self.batch_norm(self.conv(x))
        for stage in range(3):
            if stage:
                x = self.reduce(x)
            for _ in range(5):
                x = self.cell(ops, x)
        x = F.relu(self.batch_norm(x)).mean((2, 3))
        w, b = self.take(2)
        return F.linear(x, w, b)


def compare(nasc, net, module, defs, text, shape, d, seed):
    base = [nasc, "run", module, *defs, "--arch", text, "--seed", str(seed)]
    rng = np.random.default_rng(seed)
    np.save(f"{d}/x.npy", rng.normal(size=(2, *shape)).astype(np.float32))
    subprocess.run(base + ["--input", f"{d}/x.npy", "--save-weights", f"{d}/w.safetensors"], check=True)
    t = load(f"{d}/w.safetensors")
    for k in t:
        if len(np.unique(t[k])) == 1:
            t[k] += rng.uniform(-0.4, 0.4, t[k].shape).astype(np.float32)
    save(f"{d}/r.safetensors", t)
    subprocess.run(base + ["--input", f"{d}/x.npy", "--weights", f"{d}/r.safetensors", "--output", f"{d}/y.npy"], check=True)
    dump = subprocess.run(base + ["--dump=ein"], check=True, capture_output=True, text=True).stdout
    numbers = {int(m[2]): m[1] for m in re.finditer(r'^\(tens "?(.*?)"? (?:param|state) .*\(number (\d+)\)\)$', dump, re.M)}
    model = net([numbers[i] for i in range(len(numbers))], t)
    want = model.forward(text, torch.from_numpy(np.load(f"{d}/x.npy"))).numpy()
    assert model.at == len(numbers), f"{len(numbers) - model.at} parameters left over"
    got = np.load(f"{d}/y.npy")
    return float(np.abs(got - want).max() / np.abs(want).max())


def expanded(nasc, module, defs, name):
    out = subprocess.run([nasc, "bench", module, "einspace", *defs, "--arch", name, "-f", "jsonl", "--min-time", "0", "--repeat", "1"],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)["arch"]


def main():
    nasc, cells, size = sys.argv[1], 20, 64
    for i, a in enumerate(sys.argv):
        if a == "--cells":
            cells = int(sys.argv[i + 1])
        if a == "--size":
            size = int(sys.argv[i + 1])
    worst = 0.0
    defs = ["-D", f"H={size}", "-D", f"W={size}"]
    with tempfile.TemporaryDirectory() as d:
        for name in ("resnet18", "wrn16_4", "vit_d4", "mlp_mixer"):
            text = expanded(nasc, "std.spaces.seeds", defs, name)
            text = text.replace("linear(x4)", f"linear({4 * (size // 4) ** 2})").replace("linear(x0.25)", f"linear({(size // 4) ** 2})")
            e = compare(nasc, Einspace, "std.spaces.einspace", defs, text, (3, size, size), d, 1)
            print(f"{name:12} {e:.2e}")
            worst = max(worst, e)
        pick = random.Random(1)
        ops = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
        for i in range(cells):
            a, b, c, e, f, g = (pick.choice(ops) for _ in range(6))
            text = f"|{a}~0|+|{b}~0|{c}~1|+|{e}~0|{f}~1|{g}~2|"
            r = compare(nasc, Cell201, "std.spaces.nas_bench_201", [], text, (3, 32, 32), d, i)
            print(f"cell {i:2}      {r:.2e}  {text}")
            worst = max(worst, r)
    print(f"{4 + cells} networks, worst {worst:.2e}")
    sys.exit(worst > 1e-4)


main()
