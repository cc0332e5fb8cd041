"""Results of the Python cases as tables. Where a figure has a limit, the limit and whether it was reached stand beside it."""
import math

from python_cases import MEAN_LIMITS, OWN_CASES, REPORT_SECONDS
from python_tools import Memray
from text import mb, seconds, size, table, times

NONE = "–"


def figure(case, tool, field="command_s"):
    """None: the tool was not measured on this case."""
    return case["tools"][tool]["median"][field] if tool in case["tools"] else None


def over(a, b):
    return None if a is None or not b else a / b


def ratio(case, tool, field="command_s"):
    """Over the native run, by the same clock."""
    return over(figure(case, tool, field), figure(case, "native", field))


def shown(value, how, case=None, tool=None):
    if value is None:
        return "failed" if case and tool in case["failed"] else NONE
    return how(value)


def verdict(value, limits):
    """The cells must, aim, reached."""
    if limits is None:
        return ["", "", ""]
    must, aim = limits
    reached = NONE if value is None else "aim" if value <= aim else "must" if value <= must else "**missed**"
    return [f"{must:.4g}", f"{aim:.4g}", reached]


def limits_of(case, name):
    return case["limits"].get(name)


def spread(case, tool, field="command_s"):
    if tool not in case["tools"]:
        return NONE
    pairs = zip(case["tools"][tool]["runs"], case["tools"]["native"]["runs"])
    ratios = [run[field] / native[field] for run, native in pairs]
    return f"{min(ratios):.2f}–{max(ratios):.2f}"


def mean(cases, tool, field="command_s"):
    """Geometric, over the cases of our own; None unless the tool was measured on every one of them."""
    ratios = [ratio(case, tool, field) for case in cases if case["own"]]
    return None if not ratios or None in ratios else math.exp(sum(map(math.log, ratios)) / len(ratios))


def own_count(cases):
    return sum(case["own"] for case in cases)


def mean_title(cases):
    return f"geometric mean of the {own_count(cases)} below"


def mean_verdict(cases, value, mode):
    """The limits are for all of the cases: the mean of a few of them reaches and misses nothing."""
    return verdict(value, MEAN_LIMITS[mode] if own_count(cases) == OWN_CASES else None)


def with_mean(cases, row, mean_row):
    """The workloads, then the mean, then the cases that it is of."""
    given, own = [c for c in cases if not c["own"]], [c for c in cases if c["own"]]
    return [*map(row, given), *([mean_row()] if own else []), *map(row, own)]


def objects_table(results):
    cases, peers = results["cases"], results["peers"]

    def row(case):
        value = ratio(case, "objects")
        return [case["title"], seconds(figure(case, "native")), shown(figure(case, "objects"), seconds, case, "objects"),
                shown(value, times, case, "objects"), spread(case, "objects"), *verdict(value, limits_of(case, "objects")),
                *(shown(ratio(case, peer), times, case, peer) for peer in peers)]

    def mean_row():
        value = mean(cases, "objects")
        return [mean_title(cases), "", "", shown(value, times), "", *mean_verdict(cases, value, "objects"),
                *(shown(mean(cases, peer), times) for peer in peers)]

    titles = [Memray.TITLES[peer] for peer in peers]
    return table(["program", "native", "heapline", "ratio", "rounds", "must", "aim", "reached", *titles],
                 with_mean(cases, row, mean_row))


def arenas_table(results):
    cases = results["cases"]

    def row(case):
        return [case["title"], seconds(figure(case, "native")), shown(figure(case, "arenas"), seconds, case, "arenas"),
                shown(ratio(case, "arenas"), times, case, "arenas"), spread(case, "arenas"), "", "", ""]

    def mean_row():
        value = mean(cases, "arenas")
        return [mean_title(cases), "", "", shown(value, times), "", *mean_verdict(cases, value, "arenas")]

    return table(["program", "native", "heapline", "ratio", "rounds", "must", "aim", "reached"], with_mean(cases, row, mean_row))


def own_time_table(results):
    cases, tools = results["cases"], ["objects", "arenas", *(p for p in results["peers"] if p == "memray-both")]

    def row(case):
        cells = [case["title"], seconds(figure(case, "native", "wall_s"))]
        for tool in tools:
            cells.append(shown(figure(case, tool, "wall_s"), seconds, case, tool))
            cells.append(shown(ratio(case, tool, "wall_s"), times, case, tool))
        return cells

    def mean_row():
        means = [shown(mean(cases, tool, "wall_s"), times) for tool in tools]
        return [mean_title(cases), "", *(cell for value in means for cell in ("", value))]

    titles = {"objects": "objects", "arenas": "arenas", "memray-both": "memray, both"}
    header = ["program", "native", *(cell for tool in tools for cell in (titles[tool], "ratio"))]
    return table(header, with_mean(cases, row, mean_row))


def share_table(results):
    def row(case):
        ours, theirs = ratio(case, "objects"), ratio(case, "memray-both")
        value = over(ours - 1, theirs - 1) if ours and theirs and theirs > 1 else None
        return [case["title"], shown(ours, times, case, "objects"), shown(theirs, times, case, "memray-both"),
                shown(value, "{:.3f}".format), *verdict(value, limits_of(case, "share"))]

    return table(["program", "heapline, objects", "memray, both", "(h−1)/(m−1)", "must", "aim", "reached"],
                 [row(case) for case in results["cases"]])


def added(case, tool):
    rss = figure(case, tool, "rss_bytes")
    return None if rss is None else rss - figure(case, "native", "rss_bytes")


def allowed(case):
    return 8 * 1048576 + case["peak_bytes"] / 10


def space_table(results):
    peers = [p for p in results["peers"] if p == "memray-both"]

    def row(case):
        value, must = added(case, "objects"), allowed(case) if "peak_bytes" in case else None
        reached = NONE if value is None or must is None else "must" if value <= must else "**missed**"
        return [case["title"], mb(figure(case, "native", "rss_bytes")), shown(case.get("peak_bytes"), mb),
                shown(value, mb, case, "objects"), shown(must, mb), reached, shown(added(case, "arenas"), mb, case, "arenas"),
                *(shown(added(case, p), mb, case, p) for p in peers)]

    return table(["program", "native resident", "heap at its peak", "objects adds", "must", "reached", "arenas adds",
                  *("memray, both, adds" for _ in peers)], [row(case) for case in results["cases"]])


def trace_table(results):
    def row(case):
        ours, theirs = figure(case, "objects", "trace_bytes"), figure(case, "memray-both", "trace_bytes")
        reached = NONE if ours is None or theirs is None else "must" if ours <= theirs else "**missed**"
        return [case["title"], shown(case.get("events"), "{:,}".format), shown(ours, size, case, "objects"),
                shown(theirs, size, case, "memray-both"), shown(over(ours, theirs), "{:.3f}".format), "1", reached]

    return table(["program", "events", "heapline, objects", "memray, both", "of memray's", "must", "reached"],
                 [row(case) for case in results["cases"]])


def reports_table(results):
    def row(report):
        ours = report["title"].startswith("heapline")
        reached = ("must" if report["wall_s"] <= REPORT_SECONDS else "**missed**") if ours else ""
        return [report["title"], report["on"], f"{report['events']:,}", seconds(report["wall_s"]),
                f"{REPORT_SECONDS} s" if ours else "", reached, mb(report["rss_bytes"])]

    return table(["report", "on the run of", "events", "time", "must", "reached", "largest resident size"],
                 [row(report) for report in results["reports"]])


PARTS = [
    ("cases", "### Python, every object: time until the command returns", objects_table),
    ("cases", "### Python, arenas mode: time until the command returns", arenas_table),
    ("cases", "### Python: the interpreter's own wall time", own_time_table),
    ("cases", "### Python: what is added beside what memray's complete mode adds", share_table),
    ("cases", "### Python: resident memory of the interpreter", space_table),
    ("cases", "### Python: traces", trace_table),
    ("reports", "### Python: time of the reports", reports_table),
]


def notes(results):
    lost = [case["title"] for case in results["cases"] if case.get("lost_events")]
    failed = [f"{case['title']} under {tool}: {why}" for case in results["cases"] for tool, why in case["failed"].items()]
    lines = ["**Events were lost** in: " + ", ".join(lost)] if lost else []
    lines += [f"**Failed**: {text}" for text in failed]
    lines += [f"The columns of memray are empty for {python}: {why}" for python, why in results["missing"].items()]
    if results["skipped"]:
        lines.append("Left out: " + "; ".join(f"{name} ({why})" for name, why in results["skipped"].items()))
    return lines


def render(results):
    """The Python part of the results, without what it was measured on."""
    parts = [f"{title}\n\n{make(results)}" for key, title, make in PARTS if results[key]]
    return "\n\n".join([*parts, *notes(results)])
