"""What peers.py measured, as a markdown section: geometric means, every network, the worst cases, first results."""
import math
import kernel_table, section

AGREE = 1e-3        # of the largest output: beyond it a peer computes something else, and is left out

CLOCKS = {"min": "least", "median": "median", "cpu": "least processor time"}


def geomean(v):
    return math.exp(sum(map(math.log, v)) / len(v)) if v else None


def show(x, form="{:.2f}"):
    return "" if x is None else form.format(x)


def ratios(rows, which="min"):
    """{(batch, threads): {id: {peer: peer / nasc}}} of rows that agree."""
    out = {}
    for r in rows:
        if "error" not in r and r["diff"] <= AGREE:
            ratio = r[f"peer_{which}"] / max(r[f"nasc_{which}"], 1)
            out.setdefault((r["batch"], r["threads"]), {}).setdefault(r["id"], {})[r["peer"]] = ratio
    return out


def means(rows, peers):
    """Geometric means of peer / nasc, by batch and threads: each peer, the best of all, and of the kinds apart."""
    kind = {r["id"]: r["kind"] for r in rows}
    macs = {r["id"]: r["macs"] for r in rows}
    lines = []
    for which in ("min", "median", "cpu"):
        for (batch, threads), by in sorted(ratios(rows, which).items()):
            if which == "cpu" and threads > 1:
                continue
            best = {i: min(v.values()) for i, v in by.items()}
            line = [f"batch {batch}, {threads} thread{'s' * (threads > 1)}, {CLOCKS[which]}"]
            line += [show(geomean([v[p] for v in by.values() if p in v])) for p in peers]
            line += [show(geomean(list(best.values())))]
            line += [show(geomean([b for i, b in best.items() if kind[i] == k])) for k in ("cell", "einspace", "seed")]
            line += [show(geomean([b for i, b in best.items() if macs[i] >= 1e6])), len(best)]
            lines.append(line)
    head = ["geometric mean of peer / nasc", *peers, "best of all", "cells", "einspace", "seeds", "1 M MACs and more", "networks"]
    return section.table(head, lines)


def worst(rows, n=3):
    """The networks where the best peer is furthest ahead by processor time, at batch 1 and one thread (or what there is)."""
    by = ratios(rows, "cpu")
    if not by:
        return []
    key = (1, 1) if (1, 1) in by else min(by)
    best = {i: min(v.items(), key=lambda pair: pair[1]) for i, v in by[key].items()}
    found = []
    for i in sorted(best, key=lambda i: best[i][1])[:n]:
        peer, ratio = best[i]
        r = next(r for r in rows if r["id"] == i and r["peer"] == peer and (r["batch"], r["threads"]) == key)
        found.append([i, f"{r['macs'] / 1e6:.3g} M", f"{r['nasc_cpu'] / 1e3:.1f}", peer, f"{r['peer_cpu'] / 1e3:.1f}", f"{ratio:.2f}"])
    return found


def each(rows, peers):
    """A line a network: nasc's least time (of all processes), and each peer's ratio at the smallest batch and most."""
    by = ratios(rows)
    keys = sorted(by)
    lines = []
    for i in dict.fromkeys(r["id"] for r in rows):
        mine = [r for r in rows if r["id"] == i]
        line = [i, f"{mine[0]['macs'] / 1e6:.3g} M"]
        for key in keys:
            times = [r["nasc_min"] for r in mine if (r["batch"], r["threads"]) == key and "nasc_min" in r]
            line.append(f"{min(times) / 1e3:.1f}" if times else "")
            line.append(" ".join(show(by[key].get(i, {}).get(p), "{:.2f}") or "-" for p in peers))
        lines.append(line)
    head = ["network", "MACs"]
    for b, t in keys:
        head += [f"b{b} t{t} nasc us", "peers / nasc"]
    return section.table(head, lines)


def firsts(rows, first, peers):
    """Time to first result: nasc cold and warm, peers' session creation and first run, milliseconds, batch 1, one thread."""
    lines = []
    for title, pick in (("geometric mean", geomean), ("largest", max)):
        line = [title]
        shared = [i for i in first]
        line += [show(pick([first[i][k] for i in shared]), "{:.0f}") for k in ("cold", "warm")]
        for p in peers:
            v = [r["create_ms"] + r["first_ms"] for r in rows if r["peer"] == p and r["batch"] == 1 and r["threads"] == 1 and "first_ms" in r]
            line.append(show(pick(v), "{:.0f}") if v else "")
        lines.append(line)
    return section.table(["milliseconds", "nasc, cold cache", "nasc, warm cache", *peers], lines)


def notes(rows):
    """What was left out and why."""
    out = []
    for r in rows:
        where = f"{r['peer']}, {r['id']}, batch {r['batch']}, {r['threads']} thread{'s' * (r['threads'] > 1)}"
        if "error" in r:
            out.append(f"- {where}: {r['error'].splitlines()[0][:160]}")
        elif r["diff"] > AGREE:
            out.append(f"- {where}: differs by {r['diff']:.1e} of the largest output: left out")
    return "\n".join(out[:20]) + (f"\n- and {len(out) - 20} more" if len(out) > 20 else "") if out else "- nothing"


def publish(rows, first, kernel_rows, facts):
    peers = list(facts["peers"])
    agree = max((r["diff"] for r in rows if "error" not in r and r["diff"] <= AGREE), default=0)
    kernels = ""
    if kernel_rows:
        text, peak = kernel_table.table(kernel_rows)
        kernels = f"""
Single kernels on one core, by turns in one process ({facts['kernels']}; layouts are oneDNN's choice and laid out before the clock
runs; a multiply-add loop reaches {peak:.0f} GFLOP/s; convolutions and poolings of nasc are chains of eight divided by eight):

{text}
"""
    section.publish("bench-peers", f"""## Against peers: `make bench-peers`

{section.machine()}. {', '.join(f'{p} {v}' for p, v in facts['peers'].items())}{'; not installed: ' + ', '.join(facts['absent']) if facts['absent'] else ''}.
NAS-Bench-201 cells (N=5, C=16, 3x32x32) and samples of einspace (3x32x32, at most 500 M multiply-adds), both of seed 1, and einspace's
seed networks at 3x64x64. Same weights (norms and biases roughened), same inputs; the largest difference of an output is {agree:.1e} of the
largest output. Each peer has a process of its own, pinned to as many processors as threads, in which it and nasc's library (called
through ctypes) take turns of 6 ms; numbers are ratios of the least (median) time of a call: above 1 nasc is faster. Peers run what
torch exports: an im2col that a linear layer follows is a convolution for them, zero edges are left out. torch.compile (weights frozen)
ran on {facts['compiled']} networks only, at the smaller batch; {facts['left_out']} samples were left out because their values do not fit into 2 GiB in torch at batch 16.

{means(rows, peers)}

Time to a first result, batch 1, one thread: nasc from the start of the process, text and weights' file in, output file out; peers from
the exported network in memory or on disk to their first output, their process and its imports not counted:

{firsts(rows, first, peers)}

Where nasc is furthest behind at batch 1, one thread, by processor time:

{section.table(["network", "MACs", "nasc us", "best peer", "its us", "peer / nasc"], worst(rows))}

{chr(10).join(f"- {name}: {line}" for name, line in facts['behind'].items())}

<details><summary>Every network (peers in the order {', '.join(peers)})</summary>

{each(rows, peers)}

</details>

Left out:
{notes(rows)}
{kernels}""")
