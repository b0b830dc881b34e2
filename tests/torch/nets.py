"""Architecture texts as PyTorch networks, with nasc's weights.

In: a text in the notation of NAS-Bench-201 or einspace, a safetensors file, the parameters' names in the order of their numbers
(the order in which ops are instantiated).  Out: a tape of operations (the rows of OPS) and an fx GraphModule made of it, so that
what runs is straight-line code as a person would write it.  An im2col that a linear layer follows is a convolution here,
whatever the text spells; replicated modules run one after the other, as einspace's own code does.
"""
import json, re, subprocess
import numpy as np
import torch, torch.fx
import torch.nn.functional as F

DTYPES = {"F32": np.float32}

# The whole vocabulary: name -> function of tensors and constants.
OPS = {
    "conv2d": F.conv2d, "linear": F.linear, "matmul": torch.matmul, "add": torch.add, "mul": torch.mul,
    "batch_norm": lambda x, m, v, g, b: F.batch_norm(x, m, v, g, b, False, 0.1, 1e-5),
    "layer_norm": lambda x, g, b: F.layer_norm(x, x.shape[-1:], g, b, 1e-5),
    "relu": F.relu, "leaky_relu": F.leaky_relu, "softmax": lambda x: F.softmax(x, -1),
    "cat": lambda dim, *xs: torch.cat(xs, dim), "narrow": torch.narrow, "permute": torch.permute, "reshape": torch.reshape,
    "unfold": lambda x, k, s, p: F.unfold(x, k, stride=s, padding=p), "mean": torch.mean, "zeros_like": torch.zeros_like,
    "avg_pool": lambda x, k, s, p: F.avg_pool2d(x, k, s, p, count_include_pad=False),
    "max_pool": lambda x, k, s, p: F.max_pool2d(x, k, s, p),
}


def load(path):
    """The tensors of a safetensors file by name."""
    raw = open(path, "rb").read()
    n = int.from_bytes(raw[:8], "little")
    head = json.loads(raw[8:8 + n])
    head.pop("__metadata__", None)
    return {k: np.frombuffer(raw, DTYPES[v["dtype"]], count=int(np.prod(v["shape"])),
                             offset=8 + n + v["data_offsets"][0]).reshape(v["shape"]).copy() for k, v in head.items()}


def save(path, tensors):
    """Writes a safetensors file."""
    head, body = {}, []
    at = 0
    for k in sorted(tensors):
        data = np.ascontiguousarray(tensors[k], np.float32).tobytes()
        head[k] = {"dtype": "F32", "shape": list(tensors[k].shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
        body.append(data)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        f.writelines(body)


def roughen(tensors, rng):
    """Ones and zeros (norms, biases, statistics) become numbers that show a mistake."""
    for k in tensors:
        if len(np.unique(tensors[k])) == 1:
            tensors[k] += rng.uniform(-0.4, 0.4, tensors[k].shape).astype(np.float32)
    return tensors


def names_of(nasc, module, defs, text):
    """The parameters' names in the order of the ops that have them (their numbers follow the canonical order)."""
    dump = subprocess.run([nasc, "bench", module, *defs, "--arch", text, "--dump=ein"], check=True, capture_output=True, text=True).stdout
    found = re.finditer(r'^\(tens "?(.*?)"? (?:param|state) .*\(number (\d+)\)\)$', dump, re.M)
    return [m[1] for m in found]


class Value:
    """A tensor with its place on the tape."""

    def __init__(self, index, tensor):
        self.index, self.tensor, self.shape = index, tensor, tuple(tensor.shape)


    def bytes(self):
        return self.tensor.nelement() * self.tensor.element_size()


class Net:
    """A tape: entries ("input",), ("param", name, tensor) or (op, arguments); arguments are Values or constants.  bytes: of
    all values together."""

    def __init__(self, names, tensors):
        self.names, self.tensors, self.at = names, tensors, 0
        self.tape, self.known, self.bytes = [], {}, 0

    def put(self, entry, tensor):
        self.tape.append(entry)
        value = Value(len(self.tape) - 1, tensor)
        self.bytes += value.bytes()
        return value

    def op(self, name, *args):
        out = OPS[name](*(a.tensor if isinstance(a, Value) else a for a in args))
        return self.put((name, args), out)

    def take(self, n, pick=(), form=None):
        """The next n parameters; of replicated ones the slice `pick`; reshaped to `form`."""
        out = []
        for name in self.names[self.at:self.at + n]:
            key = (name, pick, form)
            if key not in self.known:
                t = self.tensors[name][pick]
                t = torch.from_numpy(np.ascontiguousarray(t.reshape(form) if form else t))
                self.known[key] = self.put(("param", name, t), t.to(self.device))
            out.append(self.known[key])
        self.at += n
        return out

    def batch_norm(self, x, pick=()):
        g, b, m, v = self.take(4, pick)
        return self.op("batch_norm", x, m, v, g, b)

    def conv(self, x, s=1, p=None):
        w, = self.take(1)
        return self.op("conv2d", x, w, None, s, w.shape[-1] // 2 if p is None else p)

    def head(self, x, dims):
        w, b = self.take(2)
        return self.op("linear", self.op("mean", x, dims), w, b)

    def build(self, text, x):
        """Runs the network on x (which may be of the meta device: shapes alone) and keeps the tape; every parameter must be used."""
        self.device = x.device
        with torch.no_grad():
            self.result = self.network(text, self.put(("input",), x))
        if self.at != len(self.names):
            raise ValueError(f"{len(self.names) - self.at} parameters left over")
        return self.result.tensor

    def module(self):
        """The tape as a GraphModule; parameters are its buffers."""
        root, graph, node = torch.nn.Module(), torch.fx.Graph(), []
        for i, entry in enumerate(self.tape):
            if entry[0] == "input":
                node.append(graph.placeholder("x"))
            elif entry[0] == "param":
                root.register_buffer(f"p{i}", entry[2])
                node.append(graph.get_attr(f"p{i}"))
                node[-1].meta["shape"] = entry[2].shape
            else:
                name, args = entry
                args = tuple(node[a.index] if isinstance(a, Value) else a for a in args)
                node.append(emit(graph, name, args))
        graph.output(node[self.result.index])
        graph.eliminate_dead_code()
        m = torch.fx.GraphModule(root, graph)
        m.delete_all_unused_submodules()
        return m.eval()


def emit(graph, name, a):
    """One operation as a call of torch itself, so that exporters and compilers know it."""
    call = graph.call_function
    if name == "batch_norm":
        return call(F.batch_norm, a, {"training": False, "momentum": 0.1, "eps": 1e-5})
    if name == "layer_norm":
        return call(F.layer_norm, (a[0], list(a[1].meta["shape"]), a[1], a[2], 1e-5))
    if name == "softmax":
        return call(F.softmax, (a[0], -1))
    if name == "cat":
        return call(torch.cat, (list(a[1:]), a[0]))
    if name == "unfold":
        return call(F.unfold, (a[0], a[1]), {"stride": a[2], "padding": a[3]})
    if name == "avg_pool":
        return call(F.avg_pool2d, a, {"count_include_pad": False})
    if name == "max_pool":
        return call(F.max_pool2d, a)
    return call(OPS[name], a)


class Cell201(Net):
    """NAS-Bench-201: |op~0|+|op~0|op~1|+|op~0|op~1|op~2|, N cells a stage."""
    N = 5

    def edge(self, op, x):
        if op == "none":
            return self.op("zeros_like", x)
        if op == "skip_connect":
            return x
        if op == "avg_pool_3x3":
            return self.op("avg_pool", x, 3, 1, 1)
        return self.batch_norm(self.conv(self.op("relu", x)))

    def sum(self, *xs):
        """A zero is left out, as everybody would."""
        xs = [x for x in xs if self.tape[x.index][0] != "zeros_like"] or list(xs[:1])
        y = xs[0]
        for x in xs[1:]:
            y = self.op("add", y, x)
        return y

    def cell(self, ops, x):
        n1 = self.edge(ops[0], x)
        n2 = self.sum(self.edge(ops[1], x), self.edge(ops[2], n1))
        return self.sum(self.edge(ops[3], x), self.edge(ops[4], n1), self.edge(ops[5], n2))

    def reduce(self, x):
        y = self.batch_norm(self.conv(self.op("relu", x), 2))
        y = self.batch_norm(self.conv(self.op("relu", y)))
        return self.op("add", y, self.conv(self.op("avg_pool", x, 2, 2, 0)))

    def network(self, text, x):
        ops = re.findall(r"([a-z0-9_]+)~", text)
        x = self.batch_norm(self.conv(x))
        for stage in range(3):
            if stage:
                x = self.reduce(x)
            for _ in range(self.N):
                x = self.cell(ops, x)
        return self.head(self.op("relu", self.batch_norm(x)), (2, 3))


class Einspace(Net):
    """einspace, dialect 1 (its code of 2024): sequential(a, b), branching(n){..}, routing[p, m, r], computation<c>."""

    def parse(self, text):
        self.tok = re.findall(r"[a-z_0-9.]+|[(){}\[\]<>,]", text.replace(" ", "").replace("pos-enc", "pos_enc"))
        self.i = 0
        return self.part()

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
            out.append(self.part() if self.tok[self.i] in ("sequential", "branching", "routing", "computation") else self.terminal())
        self.i += 1
        return out

    def part(self):
        kind = self.word()
        if kind == "branching":
            self.i += 1
            n = int(self.word())
            self.i += 1
            return kind, n, self.items("}")
        return kind, 0, self.items({"sequential": ")", "routing": "]", "computation": ">"}[kind])

    def run(self, m, x, rep=()):
        """rep: which copy of each replicated module around this one; parameters carry those axes first."""
        kind, n, c = m
        if kind == "sequential":
            return self.run(c[1], self.run(c[0], x, rep), rep)
        if kind == "routing":
            return self.routing(c, x, rep)
        if kind == "computation":
            return self.compute(c[0], x, rep)
        name, args = c[0]
        parts = [x] * n
        if name == "group":
            d = int(args[1])
            k = x.shape[d] // n
            parts = [self.op("narrow", x, d, i * k, k) for i in range(n)]
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
            y = parts[0]
            for p in parts[1:]:
                y = self.op("add", y, p)
            return y
        if name in ("cat", "concat"):
            return self.op("cat", int(args[1]), *parts)
        y = self.op("matmul", parts[0], parts[1])
        return self.op("mul", y, parts[0].shape[-1] ** -0.5) if args else y

    def leads(self, m):
        """Does a linear layer come first?"""
        kind, _, c = m
        return self.leads(c[0]) if kind == "sequential" else kind == "computation" and c[0][0] == "linear"

    def transposed(self, x):
        """[S, D] to [D, S]; undoes a transpose that has just been done."""
        entry = self.tape[x.index]
        if entry[0] == "permute" and entry[1][1] == (0, 2, 1):
            return entry[1][0]
        return self.op("permute", x, (0, 2, 1))

    def routing(self, c, x, rep):
        (name, args), m, (back, order) = c
        hw = None
        if name == "perm":
            x = self.op("permute", x, tuple(map(int, args)))
        elif name == "im2col":
            k, s, p = map(int, args)
            hw = tuple((d + 2 * p - k) // s + 1 for d in x.shape[2:])
            if self.leads(m):
                self.pending = (k, s, p)
            else:
                x = self.transposed(self.op("unfold", x, k, s, p))
        y = self.run(m, x, rep)
        if back == "perm":
            return self.op("permute", y, tuple(map(int, order)))
        if back != "col2im":
            return y
        y = self.transposed(y)
        n = y.shape[1] * y.shape[2] // (hw[0] * hw[1])
        entry = self.tape[y.index]
        if entry[0] == "reshape" and entry[1][0].shape[1:] == (n, *hw):
            return entry[1][0]
        return self.op("reshape", y, (-1, n, *hw))

    pending = None

    def linear(self, x, rep):
        if self.pending is None:
            return self.op("linear", x, *self.take(2, rep))
        (k, s, p), self.pending = self.pending, None
        self.at += 2
        b = self.tensors[self.names[self.at - 1]][rep]
        self.at -= 2
        w, = self.take(1, rep, (b.shape[0], x.shape[1], k, k))
        b, = self.take(1, rep)
        y = self.op("conv2d", x, w, b, s, p)
        return self.transposed(self.op("reshape", y, (-1, y.shape[1], y.shape[2] * y.shape[3])))

    def compute(self, t, x, rep):
        name, args = t
        if name == "linear":
            return self.linear(x, rep)
        if name == "norm":
            return self.batch_norm(x, rep) if len(x.shape) == 4 else self.op("layer_norm", x, *self.take(2, rep))
        if name in ("relu", "leakyrelu"):
            return self.op("leaky_relu", x, 0.01)
        if name == "softmax":
            return self.op("softmax", x)
        if name == "pos_enc":
            return self.op("add", x, *self.take(1, rep))
        if name == "maxpool":
            return self.op("max_pool", x, 3, 2, 1)
        if name != "identity":
            raise ValueError(f"computation<{name}> is not known here")
        return x

    def network(self, text, x):
        y = self.run(self.parse(text), x)
        return self.head(y, (2, 3) if len(y.shape) == 4 else (2,))
