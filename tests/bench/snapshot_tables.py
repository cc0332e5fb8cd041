"""Results of the snapshots as tables: what was asked for stands beside what was measured."""
import statistics

from text import mb, seconds, table

PAUSE_MUST_S = 0.010              # beyond the bare fork
MARK_MUST = 1e9                   # bytes a second
SNAPSHOT_MUST_S = 10
BLOCK_MUST = 40                   # bytes


def ms(value):
    return f"{value * 1e3:.1f} ms"


def reached(good):
    return "must" if good else "**missed**"


def pauses_table(results):
    def row(r):
        beyond = r["pause_s"] - r["bare_s"]
        beside = statistics.median(run["pause_s"] - run["fork_s"] for run in r["runs"])
        title = f"{mb(r['bytes'])}, {r['threads']} thread{'s' * (r['threads'] != 1)}"
        return [title, str(len(r["runs"])), ms(r["bare_s"]),
                ms(r["fork_s"]), ms(beside), ms(r["pause_s"]), ms(max(run["pause_s"] for run in r["runs"])), ms(beyond),
                ms(PAUSE_MUST_S), reached(beyond <= PAUSE_MUST_S)]

    return table(["program", "snapshots", "bare fork", "the snapshot's fork", "beside it", "pause", "longest",
                  "beyond a bare fork", "must", "reached"], [row(r) for r in results["pauses"]])


def marking_table(results):
    def row(r):
        speed = r["scanned_bytes"] / r["mark_s"]
        return [f"{r['blocks']:,} blocks of 56 bytes: {r['title']}", mb(r["scanned_bytes"]), seconds(r["mark_s"]),
                f"{speed / 1e9:.2f} GB/s", f"{MARK_MUST / 1e9:.0f} GB/s", reached(speed >= MARK_MUST)]

    return table(["heap", "searched", "time of the search", "a core", "must", "reached"], [row(r) for r in results["heaps"]])


def time_table(results):
    def row(r):
        return [f"{r['blocks']:,} blocks: {r['title']}", ms(r["fork_s"]), ms(r["pause_s"]), seconds(r["answer_s"]),
                seconds(r["trace_s"]), f"{SNAPSHOT_MUST_S} s", reached(r["trace_s"] <= SNAPSHOT_MUST_S)]

    return table(["heap", "fork", "pause", "until the answer", "until it is in the trace", "must", "reached"],
                 [row(r) for r in results["heaps"]])


def memory_table(results):
    def row(r):
        a_block = r["outside_bytes"] / r["blocks"]
        return [f"{r['blocks']:,} blocks: {r['title']}", mb(r["collector_bytes"]), mb(r["marker_bytes"]), mb(r["outside_bytes"]),
                f"{a_block:.1f} bytes", f"{BLOCK_MUST} bytes", reached(a_block <= BLOCK_MUST)]

    return table(["heap", "the collector adds", "the copy's own", "both at a time", "a block", "must", "reached"],
                 [row(r) for r in results["heaps"]])


def ends_table(results):
    def row(r):
        without, checked = r["without"], r["with"]
        return [r["title"], f"{r['blocks']:,}", seconds(without["wall_s"]), seconds(checked["wall_s"]),
                seconds(without["command_s"]), seconds(checked["command_s"]),
                f"{(checked['command_s'] - without['command_s']) * 1e3:+.0f} ms",
                f"{(checked['command_s'] / without['command_s'] - 1) * 100:+.1f} %"]

    return table(["program", "blocks at its end", "it without", "it with", "command without", "command with", "adds", "share"],
                 [row(r) for r in results["ends"]])


PARTS = [
    ("pauses", "### Snapshots: how long the program stands still", pauses_table),
    ("heaps", "### Snapshots: speed of the search", marking_table),
    ("heaps", "### Snapshots: time of many blocks", time_table),
    ("heaps", "### Snapshots: memory outside of the program", memory_table),
    ("ends", "### Snapshots: what the search at the end adds to a run", ends_table),
]


def render(results):
    """The part of the results about snapshots, without what it was measured on."""
    parts = [f"{title}\n\n{make(results)}" for key, title, make in PARTS if results[key]]
    if results["skipped"]:
        parts.append("Left out: " + "; ".join(f"{name} ({why})" for name, why in results["skipped"].items()))
    return "\n\n".join(parts)
