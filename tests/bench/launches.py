"""Where a network's time goes in nasc: its launches by share, from `nasc bench --launches`."""
import json, subprocess


def heaviest(nasc, n, count=3):
    """One line: how many launches, and the heaviest kernels with their share of the time and their rate."""
    defs = [x for k, v in n["defines"].items() for x in ("-D", f"{k}={v}")]
    command = [nasc, "bench", n["module"], *([n["space"]] if n["space"] else []), *defs, "--arch", n["arch"], "--launches", "-f", "jsonl"]
    r = subprocess.run(command, capture_output=True, text=True)
    rows = [json.loads(line) for line in r.stdout.splitlines()] if r.returncode == 0 else []
    rows = [x for x in rows if x.get("latency_us_min")]
    if not rows:
        return "no launches"
    total = sum(x["latency_us_min"] for x in rows)
    kernels = {}
    for x in rows:
        k = kernels.setdefault(x["kernel"], [0.0, 0, 0, 0])
        for i, v in enumerate((x["latency_us_min"], 1, x["macs"], x["bytes"])):
            k[i] += v
    parts = []
    for name, (us, times, macs, moved) in sorted(kernels.items(), key=lambda item: -item[1][0])[:count]:
        rate = f"{2e-3 * macs / us:.0f} GFLOP/s" if macs else f"{1e-3 * moved / us:.1f} GB/s"
        parts.append(f"`{name[-40:]}` {100 * us / total:.0f} % ({times} launches, {rate})")
    return f"{len(rows)} launches; " + ", ".join(parts)
