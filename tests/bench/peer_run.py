"""One peer against nasc on one number of threads: nasc, peer, nasc, peer ... in this process, a JSON line a network and batch.

    python3 peer_run.py ROOT PEER THREADS BATCHES BUILD SOURCE ID...

ROOT holds the networks' directories (networks.py).  Every call is timed by itself: the least and the median of all are kept,
and the least processor time of a window (what other programs on the machine take is not in that).  The process is pinned to as many processors as it has threads.  Denormals are flushed for everybody.
"""
import json, os, resource, sys, time

THREADS = int(sys.argv[3])
cpus = sorted(os.sched_getaffinity(0))[-THREADS:]
os.sched_setaffinity(0, cpus)
os.environ.update(OMP_NUM_THREADS=str(THREADS), JAX_PLATFORMS="cpu")
import numpy as np
import torch
import contenders, nasc_lib, networks

WINDOW = 0.006      # seconds of one side before the other side's turn
TURNS = (4, 12)     # windows of each side: at least, at most
MEMORY = 8 << 30    # bytes: more is an error of that network, not of the machine
SPENT = float(os.environ.get("BENCH_SECONDS", "0.25"))     # seconds a network and batch, beyond the least windows


class Side:
    """The times of one side, nanoseconds: of the clock a call, of the process's processor time a window's mean call."""

    def __init__(self, call):
        self.call, self.wall, self.cpu = call, [], []

    def turn(self):
        """Calls until the window is over; at least once."""
        end, first = time.perf_counter_ns() + int(WINDOW * 1e9), len(self.wall)
        cpu = time.process_time_ns()
        while True:
            t = time.perf_counter_ns()
            self.call()
            now = time.perf_counter_ns()
            self.wall.append(now - t)
            if now >= end:
                break
        self.cpu.append((time.process_time_ns() - cpu) // (len(self.wall) - first))

    def times(self, who):
        return {f"{who}_min": min(self.wall), f"{who}_median": sorted(self.wall)[len(self.wall) // 2], f"{who}_cpu": min(self.cpu)}


def duel(ours, theirs):
    """The times of both, by turns."""
    for call in (ours, theirs, ours, theirs):
        call()
    a, b = Side(ours), Side(theirs)
    start = time.perf_counter()
    for turn in range(TURNS[1]):
        a.turn()
        b.turn()
        if turn + 1 >= TURNS[0] and time.perf_counter() - start > SPENT:
            break
    return a.times("nasc") | b.times("peer")


def row(lib, peer, where, n, batch):
    out = {"id": n["id"], "kind": n["kind"], "macs": n["macs"], "params": n["params"], "peer": peer, "threads": THREADS, "batch": batch}
    net = networks.compiled(lib, n, where, THREADS)
    x = networks.inputs(n, batch)
    y = np.zeros((batch, *net.output()), np.float32)
    ours = net.bind(x, y)
    try:
        t = time.perf_counter()
        c = contenders.PEERS[peer](where, n, batch, THREADS, x.copy())
        made = time.perf_counter()
        c.call()
        out.update(create_ms=1e3 * (made - t), first_ms=1e3 * (time.perf_counter() - made))
        ours()
        want = np.asarray(c.result())
        top = float(np.abs(want).max())
        out["diff"] = float(np.abs(want.reshape(y.shape) - y).max()) / (top if top > 0 else 1.0)
        out.update(duel(ours, c.call))
    except Exception as e:      # a peer that cannot run a network is reported, not repaired
        out["error"] = f"{type(e).__name__}: {e}"[:300]
    session = net.s
    net.free()
    session.close()
    return out


def main():
    root, peer, _, batches, build, source = sys.argv[1:7]
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    torch.set_flush_denormal(True)
    torch.set_num_threads(THREADS)
    lib = nasc_lib.Nasc(build, source)
    for name in sys.argv[7:]:
        where = os.path.join(root, name)
        n = json.load(open(os.path.join(where, "net.json")))
        for batch in map(int, batches.split(",")):
            print(json.dumps(row(lib, peer, where, n, batch)), flush=True)


main()
