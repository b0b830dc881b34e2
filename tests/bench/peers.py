"""make bench-peers: the same networks, weights and inputs under nasc and under what would be deployed otherwise.

    python3 peers.py BUILD SOURCE

Networks are drawn and exported once (networks.py); each peer and number of threads gets a process of its own in which it takes
turns with nasc (peer_run.py); the time from a text to a first output is measured by first_result.py; peer_table.py makes the
section.  Environment:
  BENCH_QUICK=1      a few networks, one peer, no kernels      BENCH_OUT=FILE   replaces the section there
  BENCH_CELLS, BENCH_SAMPLES, BENCH_SEEDS                      how many networks of each kind (30, 30, 4)
  BENCH_PEERS, BENCH_THREADS, BENCH_BATCHES                    comma-separated (all; 1,2; 1,16)
  BENCH_COMPILED=N   networks of each kind for torch.compile, which takes half a minute each: the first batch, one thread (3)
  BENCH_ROWS=FILE    keeps the measured rows (JSON lines); rows already there are not measured again
  BENCH_NETS=DIR     where networks are kept (beside BENCH_VENV)
"""
import importlib.util, json, os, resource, subprocess, sys
import torch
import contenders, first_result, kernel_table, launches, nasc_lib, networks, peer_table

HERE = os.path.dirname(os.path.abspath(__file__))
QUICK = bool(os.environ.get("BENCH_QUICK"))


def number(name, usual, quick):
    return int(os.environ.get(name, quick if QUICK else usual))


def words(name, usual, quick):
    return os.environ.get(name, quick if QUICK else usual).split(",")


def select(lib, nasc, root, batches):
    """Names of the networks, in their directories under root; and how many samples were too large for torch."""
    names, left_out = [], 0
    count = {"cell": number("BENCH_CELLS", 30, 2), "einspace": number("BENCH_SAMPLES", 30, 2), "seed": number("BENCH_SEEDS", 4, 1)}
    for n in (*networks.cells(lib, 1, count["cell"]), *networks.seeds(lib, count["seed"])):
        names.append(networks.prepare(lib, nasc, n, root, batches))
    draws = networks.samples(lib, 1)
    while count["einspace"]:
        name = networks.prepare(lib, nasc, next(draws), root, batches)
        if name:
            names.append(name)
            count["einspace"] -= 1
        else:
            left_out += 1
    return names, left_out


def of_each_kind(root, names, n):
    """The first n of each kind: what torch.compile is tried on."""
    seen, out = {}, []
    for name in names:
        kind = json.load(open(os.path.join(root, name, "net.json")))["kind"]
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= (1 if kind == "seed" else n):
            out.append(name)
    return out


def measure(build, source, root, peer, threads, batches, names, rows, keep):
    """Runs one peer's process and collects its rows."""
    have = {(r["id"], r["batch"]) for r in rows if r["peer"] == peer and r["threads"] == threads}
    names = [n for n in names if any((n, b) not in have for b in batches)]
    if not names:
        return
    command = [sys.executable, os.path.join(HERE, "peer_run.py"), root, peer, str(threads), ",".join(map(str, batches)), build, source, *names]
    print(f"{peer}, {threads} thread{'s' * (threads > 1)}: {len(names)} networks", file=sys.stderr, flush=True)
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE if not os.environ.get("BENCH_TALK") else None, text=True)
    for line in p.stdout:
        row = json.loads(line)
        rows.append(row)
        if keep:
            with open(keep, "a") as f:
                f.write(line)
    if p.wait():
        print(f"{peer}: ended with status {p.returncode} after {len(rows)} rows: {(p.stderr.read() if p.stderr else '')[-300:]}", file=sys.stderr)


def main():
    build, source = map(os.path.abspath, sys.argv[1:3])
    nasc = os.path.join(build, "nasc")
    root = os.environ.get("BENCH_NETS") or os.path.join(os.path.dirname(os.environ.get("BENCH_VENV", build)), "bench-nets")
    resource.setrlimit(resource.RLIMIT_DATA, (8 << 30, 8 << 30))
    torch.set_num_threads(1)
    lib = nasc_lib.Nasc(build, source)
    batches = list(map(int, words("BENCH_BATCHES", "1,16", "1")))
    names, left_out = select(lib, nasc, root, batches)
    peers = [p for p in words("BENCH_PEERS", ",".join(contenders.PEERS), "onnxruntime")]
    there = [p for p in peers if importlib.util.find_spec(contenders.PEERS[p].packages[0])]
    keep, rows = os.environ.get("BENCH_ROWS"), []
    if keep and os.path.exists(keep):
        rows = [json.loads(line) for line in open(keep)]
    compiled = of_each_kind(root, names, number("BENCH_COMPILED", 3, 1))
    for threads in map(int, words("BENCH_THREADS", "1,2", "1")):
        for peer in there:
            slow = peer == "torch.compile"
            if slow and threads > 1:
                continue
            measure(build, source, root, peer, threads, batches[:1] if slow else batches, compiled if slow else names, rows, keep)
    rows = [r for r in rows if r["id"] in names]
    first = first_result.measure(nasc, source, root, names)
    kernels = os.path.join(build, "tests/bench/peer_kernels")
    kernel_rows, versions = kernel_table.run(kernels, os.path.join(HERE, "kernels.nas")) if os.path.exists(kernels) else ([], None)
    behind = {w[0]: launches.heaviest(nasc, json.load(open(os.path.join(root, w[0], "net.json")))) for w in peer_table.worst(rows)}
    absent = [p for p in peers if p not in there]
    peer_table.publish(rows, first, kernel_rows, {"peers": {p: contenders.versions(p) for p in there}, "absent": absent,
                                                  "kernels": versions, "left_out": left_out, "compiled": len(compiled), "behind": behind})


main()
