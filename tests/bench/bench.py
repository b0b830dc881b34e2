"""make bench: kernels on one core against their bounds, the stages of compiling, networks.  Python's library and our own programs only.

    python3 bench.py BUILD SOURCE        BENCH_OUT=FILE, BENCH_QUICK=1: see section.py, kernel_table.py
"""
import json, os, re, subprocess, sys
import kernel_table, section

CELLS = {
    "six 3x3 convolutions": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "six 1x1 convolutions": "|nor_conv_1x1~0|+|nor_conv_1x1~0|nor_conv_1x1~1|+|nor_conv_1x1~0|nor_conv_1x1~1|nor_conv_1x1~2|",
    "six skips": "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",
    "six poolings": "|avg_pool_3x3~0|+|avg_pool_3x3~0|avg_pool_3x3~1|+|avg_pool_3x3~0|avg_pool_3x3~1|avg_pool_3x3~2|",
    "3x3, none, 3x3, skip, none, skip": "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|",
}
SEEDS = ("resnet18", "wrn16_4", "vit_d4", "mlp_mixer")
QUICK = bool(os.environ.get("BENCH_QUICK"))


def bench(nasc, *args, stdin=""):
    """Records of nasc bench, and what it said on stderr."""
    r = subprocess.run([nasc, "bench", *args, "-f", "jsonl"], input=stdin, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in r.stdout.splitlines()], r.stderr


def networks(nasc):
    """(name, record) of the cells and the seeds; the least latency of two runs apart in time."""
    found = []
    for _ in range(1 if QUICK else 2):
        rows, _ = bench(nasc, "std.spaces.nas_bench_201", "--min-time", "100", stdin="".join(c + "\n" for c in CELLS.values()))
        now = list(zip(CELLS, rows))
        for name in () if QUICK else SEEDS:
            rows, _ = bench(nasc, "std.spaces.seeds", "einspace", "-D", "H=64", "-D", "W=64", "--arch", name, "--min-time", "300")
            now.append((name, rows[0]))
        found = now if not found else [(n, min(a, b, key=lambda r: r["latency_us_min"])) for (n, a), (_, b) in zip(found, now)]
    return found


def stages(nasc):
    """{space: {stage: microseconds a network}}, from --time-passes of 100 samples in one process."""
    out = {}
    for space in ("std.spaces.nas_bench_201", "std.spaces.einspace"):
        n = 10 if QUICK else 100
        _, said = bench(nasc, space, "-n", str(n), "--seed", "1", "--min-time", "0", "--repeat", "1", "--time-passes")
        found = {}
        for line in said.splitlines():      # stage, total ms, times, us each
            m = re.match(r"^(\S.*?)\s+([\d.]+)\s+(\d+)\s+([\d.]+)$", line)
            if m and m[1] not in ("load", "run"):
                found[m[1]] = float(m[2]) * 1e3 / n
        out[space.split(".")[-1]] = found
    return out


def main():
    build, source = sys.argv[1:3]
    nasc = os.path.join(build, "nasc")
    rows, _ = kernel_table.run(os.path.join(build, "tests/bench/kernels"), os.path.join(source, "tests/bench/kernels.nas"))
    kernels, peak = kernel_table.table(rows)
    times = stages(nasc)
    names = list(dict.fromkeys(s for v in times.values() for s in v))
    nets = [[name, f"{r['macs'] / 1e6:.3g} M", r["launches"], f"{r['latency_us_min'] / 1e3:.3f}", f"{2e-3 * r['macs'] / r['latency_us_min']:.0f}"]
            for name, r in networks(nasc)]
    section.publish("bench", f"""## Measured by `make bench`

{section.machine()}. Kernels: one core, the least of windows taken by turns with the bound's own measurement; a multiply-add loop in
registers reaches {peak:.0f} GFLOP/s. The bound is that rate, or memcpy of as many bytes, whichever takes longer. Convolutions and poolings
are chains of eight, divided by eight; Winograd may beat the arithmetic bound of the direct form, which is the one given.

{kernels}

Stages, microseconds a network over {10 if QUICK else 100} samples in one process, missing kernels compiled on the way:

{section.table(["stage", *times], [[s, *(f"{v.get(s, 0):.0f}" for v in times.values())] for s in names])}

Networks, batch 1, one thread (cells at N=5 and 3x32x32, seeds at 3x64x64):

{section.table(["network", "MACs", "launches", "min ms", "GFLOP/s"], nets)}
""")


main()
