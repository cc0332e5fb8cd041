"""When graphs are kept: with --graph, at new peaks, by the clock, when the program asks; and how a snapshot is named
afterwards."""
import os
import subprocess

from bench import register
from graph_bench import PACKAGE, expect_in
from harness import expect, expect_equal

SCENARIOS, scenario = register("when")

GROWS = """\
kept = []
for number in range(400000):
    kept.append("%d %s" % (number, "x" * 80))     # grown
print(len(kept))
"""

ASKS = """\
import ctypes
take = ctypes.PyDLL(None).heapline_snapshot
class Thing: pass
things = [Thing() for _ in range(10)]
take(b"first")
things += [Thing() for _ in range(25)]
take(b"second")
"""

WATCHES_ITSELF = """\
import ctypes, gc, sys, weakref
take = ctypes.PyDLL(None).heapline_snapshot
gc.disable()
called = []
class Watched:
    def __init__(self, number): self.number, self.me = number, self
    def __getattribute__(self, name): called.append(name); return object.__getattribute__(self, name)
    def __repr__(self): called.append("repr"); return "watched"
    def __sizeof__(self): called.append("sizeof"); return 1
    def __hash__(self): called.append("hash"); return 1
    def __del__(self): called.append("del")
things = [Watched(number) for number in range(1000)] + ["text %d" % number for number in range(1000)]
watching = [weakref.ref(thing, called.append) for thing in things[:1000]]
things[:500] = [None] * 500                   # garbage in cycles
def state():
    return [sys.getrefcount(thing) for thing in things], sys.getrefcount(None), gc.get_stats(), len(gc.get_objects()), len(called)
take(b"warm")
state()
before = state()
take(b"cold")
after = state()
print(before[0] == after[0], abs(after[1] - before[1]) < 50, before[2] == after[2], abs(after[3] - before[3]) < 50, called)
"""

AMONG_THREADS = """\
import threading, heapline
going = True
def work(kept):
    while going:
        kept[0] = {number: [str(number)] for number in range(500)}
threads = [threading.Thread(target=work, args=([None],)) for _ in range(3)]
for thread in threads: thread.start()
for number in range(10): heapline.snapshot("call %d" % number)
going = False
for thread in threads: thread.join()
"""


def run(bench, text, *options):
    path = bench.path("app.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    env = bench.environment(PYTHONPATH=PACKAGE)
    outcome, trace = bench.profile([bench.python, path], options=["-q", *options], env=env)
    expect_equal("exit status", outcome.status, 0)
    return outcome, trace


def record(bench, text, *options):
    return run(bench, text, *options)[1]


def snapshots(bench, trace):
    return bench.graph_json("snapshots", trace)["snapshots"]


@scenario("when-peaks")
def peaks(bench):
    """Each snapshot at a peak has more than the margin beyond the one before, and its graph; nothing is taken by itself
    otherwise."""
    trace = record(bench, GROWS, "--snapshot-peak", "50", "--no-leak-check")
    taken = snapshots(bench, trace)
    expect(len(taken) >= 3, f"the heap grew from nothing to 50 MB, and there are {len(taken)} snapshots")
    expect_equal("labels", {one["label"] for one in taken}, {"peak"})
    expect(all(one["graph"] for one in taken), f"not every peak has its graph: {taken}")
    blocks = [one["blocks"] for one in taken]
    expect(all(after > before for before, after in zip(blocks, blocks[1:])), f"peaks do not rise: {blocks}")


@scenario("when-clock")
def clock(bench):
    """Snapshots by the clock have graphs with --graph, and none without."""
    for options, graphs in ((["--graph"], True), ([], False)):
        trace = record(bench, GROWS, "--snapshot-every", "100ms", *options)
        timed = [one for one in snapshots(bench, trace) if one["cause"] == "request"]
        expect(timed, "the clock took no snapshot")
        expect_equal(f"graphs with {options}", {bool(one["graph"]) for one in timed}, {graphs})


@scenario("when-asked")
def asked(bench):
    """Calls have graphs without --graph; label, number and time name them; growth is between any two."""
    trace = record(bench, ASKS)
    taken = snapshots(bench, trace)
    expect_equal("labels", [one["label"] for one in taken if one["cause"] == "call"], ["first", "second"])
    expect_equal("graph at the end", [bool(one["graph"]) for one in taken if one["cause"] == "exit"], [False])
    second = taken[1]["time_s"]
    for which, count in (("first", 10), ("second", 35), ("#1", 10), ("2", 35), (f"@{second + 0.0005:.4f}s", 35)):
        rows = bench.types(trace, "--snapshot", which)
        expect_equal(f"things in {which}", rows["Thing"]["count"], count)
    expect_in(bench.graph("growth", trace, "first", "second"), r"Thing\s+35\s+\+25\b")
    refused = subprocess.run([bench.heapline, "graph", "types", trace, "--snapshot", "third"], capture_output=True,
                             env=bench.environment(), check=False)
    expect(refused.returncode != 0 and b"third" in refused.stderr, f"there is no third: {refused.stderr}")


@scenario("when-among-threads")
def among_threads(bench):
    """The program's own snapshots have Python's objects, whatever its other threads are doing."""
    taken = [one for one in snapshots(bench, record(bench, AMONG_THREADS)) if one["cause"] == "call"]
    expect_equal("calls", [(one["label"], one["graph"], one["python"]) for one in taken],
                 [(f"call {number}", True, True) for number in range(10)])


@scenario("when-watched")
def watched(bench):
    """A snapshot leaves references, the collector and its garbage as they are, and calls nothing of the program."""
    outcome, trace = run(bench, WATCHES_ITSELF, "--no-leak-check")
    expect_equal("what the program saw", outcome.stdout.decode().strip(), "True True True True []")
    expect_equal("watched ones", bench.types(trace, "--snapshot", "cold")["Watched"]["count"], 1000)


@scenario("when-nothing")
def nothing(bench):
    """A trace without a graph says how to have one."""
    trace = record(bench, "kept = [1]\n")
    refused = subprocess.run([bench.heapline, "graph", "types", trace], capture_output=True, env=bench.environment(), check=False)
    expect(refused.returncode != 0 and b"heapline run --graph" in refused.stderr, f"it says {refused.stderr}")
    expect_equal("what it prints", refused.stdout, b"")
    expect(os.path.exists(trace), "the trace is still there")
