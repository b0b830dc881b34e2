"""The networks that peers are compared on, and what each needs on disk.

One directory a network: net.json (what it is), w.safetensors (nasc's weights, norms and biases made rough), b1.onnx, b16.onnx
(exported by torch).  A directory that is there already is kept.
"""
import json, os, sys, warnings
import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "torch"))
import nets

SEEDS = ("resnet18", "wrn16_4", "vit_d4", "mlp_mixer")
SIZE = 64           # of the seeds' images
LIMIT = 500000000   # multiply-adds of an einspace sample
MEMORY = 2 << 30    # bytes of all of its values together, in torch, at the largest batch
KINDS = {"cell": nets.Cell201, "einspace": nets.Einspace, "seed": nets.Einspace}


def described(kind, index, module, space, defines, arch, record):
    text, params, macs = record
    size = SIZE if kind == "seed" else 32
    return {"id": arch if kind == "seed" else f"{kind}{index}", "kind": kind, "module": module, "space": space, "defines": defines,
            "arch": arch or text, "text": text, "params": params, "macs": macs, "shape": [3, size, size]}


def cells(lib, seed, count):
    """The first draws of NAS-Bench-201."""
    s = lib.open("std.spaces.nas_bench_201")
    for i in range(count):
        yield described("cell", i, "std.spaces.nas_bench_201", None, {}, None, s.record(s.sample(seed, i)))
    s.close()


def samples(lib, seed):
    """Draws of einspace within LIMIT, for ever."""
    s, i = lib.open("std.spaces.einspace"), 0
    while True:
        n = described("einspace", i, "std.spaces.einspace", None, {}, None, s.record(s.sample(seed, i)))
        if n["macs"] <= LIMIT:
            yield n
        i += 1


def seeds(lib, count):
    """The networks that einspace's authors start from."""
    defines = {"H": SIZE, "W": SIZE}
    s = lib.open("std.spaces.seeds", "einspace", defines)
    for name in SEEDS[:count]:
        yield described("seed", 0, "std.spaces.seeds", "einspace", defines, name, s.record(s.named(name)))
    s.close()


def compiled(lib, n, where=None, threads=1):
    """nasc's network, with the weights in `where` if given."""
    s = lib.open(n["module"], n["space"], n["defines"])
    net = s.compile(s.named(n["arch"]) if n["kind"] == "seed" else s.parse(n["arch"]), threads)
    if where:
        net.load(os.path.join(where, "w.safetensors"))
    return net


def inputs(n, batch):
    rng = np.random.default_rng(batch)
    return rng.normal(size=(batch, *n["shape"])).astype(np.float32)


def rebuilt(where, n, batch):
    """The network in torch: a Net with its tape, and its GraphModule."""
    net = KINDS[n["kind"]](n["names"], nets.load(os.path.join(where, "w.safetensors")))
    net.build(n["text"], torch.empty((batch, *n["shape"]), device="meta"))
    return net, net.module()


def prepare(lib, nasc, n, root, batches):
    """Fills the network's directory; returns its name, or None if its values would not fit."""
    where = os.path.join(root, n["id"])
    info = os.path.join(where, "net.json")
    if os.path.exists(info):
        old = json.load(open(info))
        if old["text"] == n["text"] and old["batches"] == list(batches):
            return n["id"] if old["fits"] else None
    os.makedirs(where, exist_ok=True)
    net = compiled(lib, n)
    net.weights(1)
    net.save(os.path.join(where, "w.safetensors"))
    session = net.s
    net.free()
    session.close()
    t = nets.roughen(nets.load(os.path.join(where, "w.safetensors")), np.random.default_rng(1))
    nets.save(os.path.join(where, "w.safetensors"), t)
    defs = [x for k, v in n["defines"].items() for x in ("-D", f"{k}={v}")]
    n = dict(n, names=nets.names_of(nasc, n["module"], ([n["space"]] if n["space"] else []) + defs, n["arch"]), batches=list(batches))
    n["fits"] = rebuilt(where, n, max(batches))[0].bytes <= MEMORY
    if n["fits"]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for b in batches:
                torch.onnx.export(rebuilt(where, n, b)[1], (torch.from_numpy(inputs(n, b)),), os.path.join(where, f"b{b}.onnx"),
                                  dynamo=False, input_names=["x"], output_names=["y"], opset_version=17)
    with open(info, "w") as f:
        json.dump(n, f)
    return n["id"] if n["fits"] else None
