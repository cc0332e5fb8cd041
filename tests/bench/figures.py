"""What is measured beside the workloads' times: instructions, reports, the viewer's memory. Each returns rows for the tables."""
import os
import shutil
import statistics

from tools import Failed, run_to_end
from workloads import need

VIEWS = ("report", "lines", "tree")


def median_run(stopwatch, command, rounds):
    runs = [stopwatch.run(command) for _ in range(rounds)]
    return {"wall_s": statistics.median(r.wall_s for r in runs), "rss_bytes": max(r.rss_bytes for r in runs)}


def callgrind_total(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(("summary:", "totals:")):
                return int(line.split()[1])
    raise Failed(f"{path} holds no total")


def instructions(kitchen, heapline, work, quick):
    """Instructions per malloc+free pair, counted by callgrind. Two sizes of one run are subtracted, so that what
    happens once, in the program and in the recorder, falls out; then the native count, so that the program and malloc do."""
    need("valgrind")
    pairs = 2000 if quick else 100000
    out, rows = os.path.join(work, "callgrind.out"), []
    for title, depth in (("20 calls deep, another way down each time", 20), ("a shallow stack", 0)):
        counts = {}
        for prefix, tool in (([], "native"), (heapline.prefix(heapline.trace), "heapline")):
            for n in (pairs, 2 * pairs):
                run_to_end([*prefix, "valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *kitchen.churn(n, 1, depth)])
                counts[tool, n] = callgrind_total(out)
        per_pair = {tool: (counts[tool, 2 * pairs] - counts[tool, pairs]) / pairs for tool in ("native", "heapline")}
        rows.append({"title": title, "pairs": pairs, **per_pair, "added": per_pair["heapline"] - per_pair["native"]})
    return rows


def reports(kitchen, stopwatch, heapline, heaptrack, work, rounds):
    """How long a report takes on the compiler's trace, each tool on its own."""
    workload = kitchen.workload("cc1")
    trace = os.path.join(work, "cc1.hpl")
    heapline.run(workload.command, trace=trace)
    rows = [{"title": f"heapline {view}", **median_run(stopwatch, [heapline.command, view, trace], rounds)} for view in VIEWS]
    if heaptrack and shutil.which("heaptrack_print"):
        file = heaptrack.record_for_print(workload.command)
        rows.append({"title": "heaptrack_print", **median_run(stopwatch, ["heaptrack_print", file], rounds)})
    return rows


def memory(kitchen, stopwatch, heapline, work, quick):
    """The viewer's largest resident size on a trace and on one of ten times as many events."""
    rows = []
    for pairs in (20000, 200000) if quick else (500000, 5000000):
        trace = os.path.join(work, f"churn-{pairs}.hpl")
        heapline.run(kitchen.churn(pairs), trace=trace)
        row = {"title": f"churn {pairs} 1 20", "events": heapline.summary(trace)["events"], "trace_bytes": os.path.getsize(trace)}
        for view in VIEWS:
            row[view] = median_run(stopwatch, [heapline.command, view, trace], 1)["rss_bytes"]
        rows.append(row)
    return rows
