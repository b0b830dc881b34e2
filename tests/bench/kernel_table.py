"""The kernel program's JSON lines as a markdown table."""
import json, os, subprocess
import section


def run(program, nas, threads_env=True):
    """Rows of the kernel program, on one processor; the versions line apart."""
    env = dict(os.environ, OMP_NUM_THREADS="1")
    cpu = sorted(os.sched_getaffinity(0))[-1]
    args = [program, nas] + (["3x3 C16"] if os.environ.get("BENCH_QUICK") else [])
    out = subprocess.run(args, env=env, check=True, capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, {cpu})).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    versions = next((r["versions"] for r in rows if "versions" in r), None)
    return [r for r in rows if "kernel" in r], versions


def number(us):
    return f"{us:.3f}" if us < 10 else f"{us:.1f}" if us < 1000 else f"{us:.0f}"


def table(rows):
    """One line a kernel: nasc, its bound, the best of each peer (a name's first word)."""
    kernels = {}
    for r in rows:
        kernels.setdefault(r["kernel"], []).append(r)
    peers = sorted({r["who"].split()[0] for r in rows} - {"nasc"}, reverse=True)
    lines = []
    for name, found in kernels.items():
        ours = next(r for r in found if r["who"] == "nasc")
        line = [name, number(ours["us"]), f"{ours['gflops']:.0f}", f"{ours['bound_us'] / ours['us'] * 100:.0f} %", ours["bound"]]
        for p in peers:
            best = min((r for r in found if r["who"].split()[0] == p), key=lambda r: r["us"], default=None)
            line += [number(best["us"]) + best["who"].replace(p, "", 1), f"{best['us'] / ours['us']:.2f}"] if best else ["", ""]
        lines.append(line)
    head = ["kernel", "nasc us", "GFLOP/s", "of bound", "bound"]
    for p in peers:
        head += [f"{p} us", f"{p} / nasc"]
    peak = max(r["peak_gflops"] for r in rows)
    return section.table(head, lines), peak
