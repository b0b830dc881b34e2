"""nasc's native code against PyTorch with the same weights: einspace's seeds, NAS-Bench-201 cells, samples of einspace.

    python3 tests/torch/compare.py NASC [--cells N] [--samples N] [--size S] [--no-seeds]

For each network: weights from nasc's seed, the ones and zeros among them made rough, written back as safetensors and read by
both; one real batch of two; the largest difference, relative to the largest output.  Needs torch and numpy.  Exit 1 beyond 1e-4.
"""
import argparse, json, os, random, subprocess, sys, tempfile
import numpy as np
import torch

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nets

torch.set_num_threads(1)


def compare(nasc, net, module, defs, text, shape, d, seed):
    base = [nasc, "run", module, *defs, "--arch", text, "--seed", str(seed)]
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, *shape)).astype(np.float32)
    np.save(f"{d}/x.npy", x)
    subprocess.run(base + ["--input", f"{d}/x.npy", "--save-weights", f"{d}/w.safetensors"], check=True)
    t = nets.roughen(nets.load(f"{d}/w.safetensors"), rng)
    nets.save(f"{d}/r.safetensors", t)
    subprocess.run(base + ["--input", f"{d}/x.npy", "--weights", f"{d}/r.safetensors", "--output", f"{d}/y.npy"], check=True)
    model = net(nets.names_of(nasc, module, defs, text), t)
    want = model.build(text, torch.from_numpy(x)).numpy()
    again = model.module()(torch.from_numpy(x)).detach().numpy()
    assert np.abs(again - want).max() <= 1e-5 * np.abs(want).max(), "the tape's module is another network"
    got = np.load(f"{d}/y.npy")
    return float(np.abs(got - want).max() / np.abs(want).max())


def expanded(nasc, defs, name):
    """The text of a named architecture of std.spaces.seeds."""
    out = subprocess.run([nasc, "bench", "std.spaces.seeds", "einspace", *defs, "--arch", name, "-f", "jsonl", "--min-time", "0", "--repeat", "1"],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)["arch"]


def cells(n):
    pick = random.Random(1)
    ops = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
    for _ in range(n):
        a, b, c, e, f, g = (pick.choice(ops) for _ in range(6))
        yield f"|{a}~0|+|{b}~0|{c}~1|+|{e}~0|{f}~1|{g}~2|"


def samples(nasc, n):
    """Samples of einspace small enough to run at once."""
    if not n:
        return
    out = subprocess.run([nasc, "sample", "std.spaces.einspace", "--seed", "3", "-n", str(8 * n), "-f", "jsonl"],
                         check=True, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    yield from [r["arch"] for r in rows if r["macs"] <= 20000000 and r["params"] <= 4000000][:n]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("nasc")
    p.add_argument("--cells", type=int, default=20)
    p.add_argument("--samples", type=int, default=20)
    p.add_argument("--size", type=int, default=64)
    p.add_argument("--no-seeds", action="store_true")
    o = p.parse_args()
    worst, count = 0.0, 0
    sized = ["-D", f"H={o.size}", "-D", f"W={o.size}"]
    jobs = [] if o.no_seeds else [(name, nets.Einspace, "std.spaces.einspace", sized, None) for name in ("resnet18", "wrn16_4", "vit_d4", "mlp_mixer")]
    jobs += [(f"cell {i}", nets.Cell201, "std.spaces.nas_bench_201", [], t) for i, t in enumerate(cells(o.cells))]
    jobs += [(f"sample {i}", nets.Einspace, "std.spaces.einspace", [], t) for i, t in enumerate(samples(o.nasc, o.samples))]
    with tempfile.TemporaryDirectory() as d:
        for i, (name, net, module, defs, text) in enumerate(jobs):
            size = o.size if text is None else 32
            if text is None:
                q = o.size // 4
                text = expanded(o.nasc, defs, name).replace("linear(x4)", f"linear({4 * q * q})").replace("linear(x0.25)", f"linear({q * q})")
            e = compare(o.nasc, net, module, defs, text, (3, size, size), d, i)
            print(f"{name:12} {e:.2e}  {text[:100]}", flush=True)
            worst, count = max(worst, e), count + 1
    print(f"{count} networks, worst {worst:.2e}")
    sys.exit(worst > 1e-4)


main()
