"""Results as tables of Markdown, which a terminal shows as well."""
import os
import re

import graphs_tables
import python_tables
import snapshot_tables
from text import mb, seconds, size, table, times

# the sections of the document, each between its own markers
SECTIONS = {"native": ("<!-- bench: begin -->", "<!-- bench: end -->"),
            "python": ("<!-- bench python: begin -->", "<!-- bench python: end -->"),
            "snapshots": ("<!-- bench snapshots: begin -->", "<!-- bench snapshots: end -->"),
            "graphs": ("<!-- bench graphs: begin -->", "<!-- bench graphs: end -->")}


def verdict(workload, ratio):
    return "aim" if ratio <= workload["aim"] else "must" if ratio <= workload["must"] else "missed"


def spread(workload, tool):
    """The smallest and the largest ratio of one round."""
    runs = zip(workload["tools"][tool]["runs"], workload["tools"]["native"]["runs"])
    ratios = [run["wall_s"] / native["wall_s"] for run, native in runs]
    return f"{min(ratios):.2f}–{max(ratios):.2f}"


def median(workload, tool, figure):
    return workload["tools"][tool]["median"][figure]


def others(results):
    return [tool for tool in results["tools"] if tool not in ("native", "heapline")]


def wall_table(results):
    peers, rows = others(results), []
    for w in results["workloads"]:
        native = median(w, "native", "wall_s")
        ratio = median(w, "heapline", "wall_s") / native
        rows.append([w["title"], seconds(native), seconds(median(w, "heapline", "wall_s")), times(ratio), spread(w, "heapline"),
                     f"x{w['must']:g}", f"x{w['aim']:g}", verdict(w, ratio),
                     *(times(median(w, p, "wall_s") / native) for p in peers)])
    return table(["program", "native", "heapline", "ratio", "rounds", "must", "aim", "reached", *peers], rows)


def cpu_table(results):
    peers, rows = others(results), []

    def total(w, tool):
        return median(w, tool, "target_cpu_s") + median(w, tool, "other_cpu_s")

    for w in results["workloads"]:
        program, recorder = median(w, "heapline", "target_cpu_s"), median(w, "heapline", "recorder_cpu_s")
        rows.append([w["title"], seconds(median(w, "native", "target_cpu_s")), seconds(program), seconds(recorder),
                     seconds(program + recorder),
                     *(text for p in peers for text in (seconds(total(w, p)), f"{(program + recorder) / total(w, p):.2f}")),
                     seconds(max(0, median(w, "heapline", "other_cpu_s") - recorder))])
    theirs = [text for p in peers for text in (p, f"both / {p}")]
    return table(["program", "native", "program", "collector", "both", *theirs, "then names"], rows)


def space_table(results):
    peers, rows = others(results), []
    for w in results["workloads"]:
        native = median(w, "native", "rss_bytes")
        allowed = 8 * 1048576 + w["peak_bytes"] / 14
        rows.append([w["title"], mb(w["peak_bytes"]), mb(median(w, "heapline", "rss_bytes") - native), mb(allowed),
                     *(mb(median(w, p, "rss_bytes") - native) for p in peers), f"{w['events']:,}",
                     size(median(w, "heapline", "trace_bytes")),
                     *(f"{median(w, t, 'trace_bytes') / w['events']:.3f}" for t in ["heapline", *peers])])
    return table(["program", "heap at its peak", "heapline adds", "must", *(f"{p} adds" for p in peers), "events", "trace",
                  "bytes an event", *(f"{p}'s" for p in peers)], rows)


def instructions_table(results):
    rows = [[f"churn {r['pairs']}: {r['title']}", f"{r['native']:.0f}", f"{r['heapline']:.0f}", f"{r['added']:.0f}"]
            for r in results["instructions"]]
    return table(["a malloc and a free", "native", "heapline", "added"], rows)


def reports_table(results):
    theirs = [r["wall_s"] for r in results["reports"] if r["title"] == "heaptrack_print"]
    rows = [[r["title"], seconds(r["wall_s"]), f"{r['wall_s'] / theirs[0]:.2f}" if theirs else "", mb(r["rss_bytes"])]
            for r in results["reports"]]
    return table(["on the trace of cc1", "time", "of heaptrack_print's", "largest resident size"], rows)


def memory_table(results):
    rows = [[r["title"], f"{r['events']:,}", size(r["trace_bytes"]), *(mb(r[view]) for view in ("report", "lines", "tree"))]
            for r in results["memory"]]
    return table(["trace of", "events", "trace", "report", "lines", "tree"], rows)


PARTS = [
    ("workloads", "### Time to the end of the program", wall_table),
    ("workloads", "### Processor time", cpu_table),
    ("workloads", "### Memory and trace", space_table),
    ("instructions", "### Instructions on the hot path", instructions_table),
    ("reports", "### Time of the reports", reports_table),
    ("memory", "### Memory of the reports", memory_table),
]


def machine_text(results, tools, folders):
    m, rounds = results["machine"], results["rounds"]
    return "\n".join([
        f"- {m['date']}; {m['processor']}, {m['processors']} processors, {m['memory_gb']} GB; {m['system']}, Linux {m['kernel']}",
        f"- {m['libc']}; {m['compiler']}; {tools}",
        f"- medians of {rounds} round{'s' * (rounds != 1)}, the tools in turn in each; load before the start {m['load']}; "
        f"programs of {folders}",
        *(["- **a smoke run, a hundredth of the work: these figures say nothing**"] if results["quick"] else []),
    ])


def folder_text(results):
    folder = results["folder"]
    return f"`{os.path.basename(os.path.dirname(folder))}/{os.path.basename(folder)}`"


def render_native(results):
    """Empty when no native program was measured."""
    if not any(results.get(key) for key, _, _ in PARTS) and not results["skipped"]:
        return ""
    tools = ", ".join(f"{name} {version}" for name, version in results["tools"].items() if version)
    parts = [machine_text(results, tools, folder_text(results))]
    parts += [f"{title}\n\n{make(results)}" for key, title, make in PARTS if results.get(key)]
    lost = [w["title"] for w in results["workloads"] if w["lost_events"]]
    if lost:
        parts.append("**Events were lost** in: " + ", ".join(lost))
    if results["skipped"]:
        parts.append("Left out: " + "; ".join(f"{name} ({why})" for name, why in results["skipped"].items()))
    return "\n\n".join(parts)


def render_python(results):
    """Empty when no Python program was measured."""
    python = results.get("python")
    if not python:
        return ""
    peer = f", memray {python['memray']}" if python["peers"] else ""
    tools = f"{python['version']}, heapline {python['heapline']}{peer}"
    return f"{machine_text(results, tools, folder_text(results) + ' and `tests/bench/python`')}\n\n{python_tables.render(python)}"


def render_snapshots(results):
    """Empty when no snapshots were measured."""
    snapshots = results.get("snapshots")
    if not snapshots:
        return ""
    where = machine_text(results, f"heapline {snapshots['heapline']}", folder_text(results) + " and `tests/bench/heaps.c`")
    return f"{where}\n\n{snapshot_tables.render(snapshots)}"


def render_graphs(results):
    """Empty when no graphs were measured."""
    graphs = results.get("graphs")
    if not graphs:
        return ""
    where = machine_text(results, f"{graphs['version']}, heapline {graphs['heapline']}", "`tests/bench/python/order_heap.py`")
    return f"{where}\n\n{graphs_tables.render(graphs)}"


def render(results):
    return "\n\n".join(filter(None, (render_native(results), render_python(results), render_snapshots(results), render_graphs(results))))


def write_docs(path, sections):
    """Puts each section's text between its two markers of the document. ValueError: they are not there."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name, content in sections.items():
        begin, end = SECTIONS[name]
        found = re.search(re.escape(begin) + ".*" + re.escape(end), text, re.DOTALL)
        if not found:
            raise ValueError(f"{path} lacks the lines {begin} and {end}")
        text = text[:found.start()] + f"{begin}\n\n{content}\n\n{end}" + text[found.end():]
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
