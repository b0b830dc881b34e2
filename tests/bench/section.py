"""Markdown sections: printed, or put in place of the marked section of a file (BENCH_OUT)."""
import datetime, os, platform, re


def machine():
    """One line about where and when: processor, memory, load; no names of hosts."""
    model, cpus = platform.machine(), os.cpu_count()
    flags = ""
    try:
        text = open("/proc/cpuinfo").read()
        model = re.search(r"model name\s*: (.*)", text)[1]
        have = set(re.search(r"flags\s*: (.*)", text)[1].split())
        flags = ", " + " ".join(f for f in ("avx2", "avx512f", "amx_tile") if f in have)
    except (OSError, TypeError):
        pass
    load = " ".join(f"{x:.1f}" for x in os.getloadavg())
    return f"{datetime.date.today()}, {cpus} processors ({model}{flags}), load {load}"


def table(head, rows):
    """A markdown table; numbers to the right."""
    rows = [[str(c) for c in r] for r in rows]
    line = ["---" if i == 0 or all(not re.match(r"^-?[\d.]", r[i]) for r in rows) else "---:" for i in range(len(head))]
    return "\n".join("| " + " | ".join(r) + " |" for r in [head, line, *rows])


def publish(name, text):
    """Prints the section; with BENCH_OUT=FILE replaces what stands between <!-- name --> and <!-- /name --> there (or adds it)."""
    print(text)
    out = os.environ.get("BENCH_OUT")
    if not out:
        return
    old = open(out).read() if os.path.exists(out) else ""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    new = begin + text.rstrip() + "\n" + end
    if begin in old and end in old:
        old = old[:old.index(begin)] + new + old[old.index(end) + len(end):]
    else:
        old = old.rstrip() + "\n\n" + new if old else new
    with open(out, "w") as f:
        f.write(old)
