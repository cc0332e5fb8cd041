"""Results of reference graphs as tables: what was asked for stands beside what was measured."""
from graphs_bench import PEERS
from snapshot_tables import ms, reached
from text import mb, seconds, table

SMALL = 2_000_000                 # objects; the limits for times hold up to here
PAUSE_MUST_S, WRITTEN_MUST_S, ANALYSED_MUST_S = 0.050, 3, 2
MEMORY_MUST = 4e9                 # bytes, of any of them, for 10 M objects


def limit(row, must, text):
    """The limit's text, of heaps that it is for."""
    return (text, must) if row["objects"] <= SMALL else ("", None)


def judged(value, must):
    return "" if must is None else reached(value <= must)


def snapshot_table(results):
    def row(r):
        pause_text, pause_must = limit(r, PAUSE_MUST_S, ms(PAUSE_MUST_S))
        written_text, written_must = limit(r, WRITTEN_MUST_S, f"{WRITTEN_MUST_S} s")
        return [f"{r['objects']:,} Python objects", ms(r["pause_s"]), pause_text, judged(r["pause_s"], pause_must),
                seconds(r["written_s"]), written_text, judged(r["written_s"], written_must), mb(r["trace_bytes"]),
                mb(r["outside_bytes"]), mb(r["largest_bytes"]), f"{MEMORY_MUST / 1e9:.0f} GB",
                reached(r["largest_bytes"] <= MEMORY_MUST)]

    return table(["heap", "pause", "must", "reached", "until it is in the trace", "must", "reached", "trace", "memory outside",
                  "collector, whole run", "must", "reached"],
                 [row(r) for r in results["heaps"]])


def question_table(results):
    def rows(r):
        for name, found in r["questions"].items():
            text, must = limit(r, ANALYSED_MUST_S, f"{ANALYSED_MUST_S} s")
            yield [f"{r['objects']:,} objects: heapline graph, {name}", seconds(found["wall_s"]), text,
                   judged(found["wall_s"], must), mb(found["rss_bytes"]), f"{MEMORY_MUST / 1e9:.0f} GB",
                   reached(found["rss_bytes"] <= MEMORY_MUST), "goes on"]
        for tool, found in r["peers"].items():
            yield [f"{r['objects']:,} objects: {PEERS[tool]}", seconds(found["wall_s"]), "", "", mb(found["rss_bytes"]), "", "",
                   "stands still"]

    return table(["question", "time", "must", "reached", "memory", "must", "reached", "the program"],
                 [line for r in results["heaps"] for line in rows(r)])


PARTS = [("### Graphs: until the graph is in the trace", snapshot_table),
         ("### Graphs: time of questions, and peers that ask from inside", question_table)]


def render(results):
    """The part of the results about graphs, without what it was measured on."""
    parts = [f"{title}\n\n{make(results)}" for title, make in PARTS if results["heaps"]]
    if results["skipped"]:
        parts.append("Left out: " + "; ".join(f"{name} ({why})" for name, why in results["skipped"].items()))
    return "\n\n".join(parts)
