"""From an architecture's text to its first output with nasc: a process started, the text read, compiled, weights loaded, run.

Cold: nasc's cache directory is empty.  Warm: the same once more.
"""
import json, os, shutil, subprocess, tempfile, time
import numpy as np
import networks


def once(nasc, where, n, d, env):
    defs = [x for k, v in n["defines"].items() for x in ("-D", f"{k}={v}")]
    command = [nasc, "run", n["module"], *([n["space"]] if n["space"] else []), *defs, "--arch", n["arch"],
               "--weights", os.path.join(where, "w.safetensors"), "--input", f"{d}/x.npy", "--output", f"{d}/y.npy"]
    t = time.perf_counter()
    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
    return 1e3 * (time.perf_counter() - t)


def measure(nasc, source, root, names):
    """{name: {"cold": ms, "warm": ms}} for batch 1."""
    out = {}
    for name in names:
        where = os.path.join(root, name)
        n = json.load(open(os.path.join(where, "net.json")))
        with tempfile.TemporaryDirectory() as d:
            env = dict(os.environ, XDG_CACHE_HOME=os.path.join(d, "cache"))
            np.save(f"{d}/x.npy", networks.inputs(n, 1))
            cold = []
            for _ in range(2):
                shutil.rmtree(os.path.join(d, "cache"), ignore_errors=True)
                cold.append(once(nasc, where, n, d, env))
            out[name] = {"cold": min(cold), "warm": min(once(nasc, where, n, d, env) for _ in range(2))}
    return out
