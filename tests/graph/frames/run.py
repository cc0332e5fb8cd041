#!/usr/bin/env python3
"""What frames, generators and the interpreter hold, by name; and at which moments Python's objects can be looked at: requests
in whatever a program does, and before it ends in whatever way. Read with edges.c from snapshots of the interpreter under
test."""
import argparse
import os
import re
import select
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TESTS, "python"), os.path.join(TESTS, "prog")]

from bench import PythonBench                            # noqa: E402
from harness import expect, expect_equal                 # noqa: E402
from interpreter import add_interpreter_options, run_with_interpreter    # noqa: E402

PATIENCE = 60
BEFORE_EXIT, EXIT, REQUEST = 5, 1, 2         # enum trace_snapshot_cause
KINDS = {"local": 11, "stack": 12, "offset": 1}
SCENARIOS = []


def scenario(name):
    def add(function):
        SCENARIOS.append((name, "frames", function))
        return function
    return add


class Edges:
    """Who refers to whom in one snapshot."""

    def __init__(self, text):
        self.reasons, self.cause, self.label, self.rows = [], 0, "", []
        for line in text.split("\n"):
            fields = line.split("\t")
            if fields[0] == "reason":
                self.reasons.append(fields[1])
            elif fields[0] == "cause":
                self.cause, self.label = int(fields[1]), fields[2]
            elif len(fields) == 9:
                self.rows.append(fields)
        self.by_source = {}
        for row in self.rows:
            self.by_source.setdefault(row[1], []).append(row)

    def roots(self, name):
        """Names of what the root leads to."""
        return [row[7] for row in self.by_source.get("0", []) if re.fullmatch(name, row[4])]

    def root_numbers(self, name, target):
        return [row[5] for row in self.by_source.get("0", []) if re.fullmatch(name, row[4]) and re.search(target, row[7])]

    def frame(self, pattern):
        """The number of the one running frame whose name matches."""
        found = set(self.root_numbers(r"frame of thread \d+", pattern))
        expect(len(found) == 1, f"{len(found)} running frames match {pattern}: {self.roots('frame of thread .*')}")
        return found.pop()

    def of(self, number, kind=None):
        """How a node refers to others -> (number, name), for edges of that kind."""
        return {row[4]: (row[5], row[7]) for row in self.by_source.get(number, []) if kind is None or int(row[8]) == KINDS[kind]}

    def step(self, number, how):
        found = self.of(number)
        expect(how in found, f"nothing is called {how} there: {sorted(found)}")
        return found[how][0]

    def walk(self, number, *hows):
        """The name of what these steps lead to."""
        for how in hows[:-1]:
            number = self.step(number, how)
        self.step(number, hows[-1])
        return self.of(number)[hows[-1]][1]


class FrameBench(PythonBench):
    def __init__(self, heapline, interpreter, edges):
        super().__init__(heapline, interpreter)
        self.edge_printer, self.held = edges, None

    def holders(self):
        """What HOLDERS holds in the middle of its work."""
        if not self.held:
            self.held = self.edges(self.record(HOLDERS), "here")
        return self.held

    def edges(self, trace, which=None):
        outcome = self.run([self.edge_printer, trace] + ([which] if which else []))
        expect(outcome.status == 0, f"edges ended with {outcome.status}: {outcome.stderr.decode(errors='replace')}")
        return Edges(outcome.stdout.decode("utf-8", "replace"))

    def record(self, text, *arguments, status=0, options=()):
        path = self.write("app.py", text)
        outcome, trace = self.profile([self.python, path, *arguments], options=["--graph", *options])
        expect(outcome.status == status, f"ended with {outcome.status}: {outcome.stderr.decode(errors='replace')[:2000]}")
        return trace

    def causes(self, trace):
        """(process, cause, blocks) of all snapshots, in order of time."""
        dump = self.verb("dump", trace).stdout.decode("utf-8", "replace")
        found = re.findall(r"snapshot id=\d+ process=(\d+) cause=([\w-]+) .*? ns=(\d+) .*? blocks=(\d+)", dump)
        return [(int(process), cause, int(blocks)) for process, cause, ns, blocks in sorted(found, key=lambda f: int(f[2]))]

    def ask(self, text, mode, until=None):
        """Runs the program until it says "ready", and until(pid) is true; asks for a snapshot, ends it. Returns what the snapshot has."""
        path, trace = self.write("app.py", text), self.path("asked.hpl")
        command = [self.heapline, "run", "-q", "-o", trace, "--", self.python, path, mode]
        process = subprocess.Popen(command, cwd=self.scratch, env=self.environment(), stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True)
        pid = None
        try:
            ready = select.select([process.stdout], [], [], PATIENCE)[0] and process.stdout.readline().split()
            expect(ready and ready[0] == b"ready", f"the program says {ready!r}")
            pid = int(ready[1])
            while until and not until(pid):
                time.sleep(0.01)
            asked = subprocess.run([self.heapline, "snapshot", str(pid)], env=self.environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
            expect(asked.returncode == 0,
                   f"heapline snapshot ended with {asked.returncode}: {asked.stderr.decode(errors='replace')}")
        finally:
            if pid:
                os.kill(pid, signal.SIGKILL)
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=PATIENCE)
        edges = self.edges(trace, "1")
        expect_equal("cause of the snapshot", edges.cause, REQUEST)
        return edges


HOLDERS = '''
import ctypes, sys, threading

class Order:
    def __init__(self, number):
        self.number = number

def count(seed):
    mark = [seed]
    yield mark
    yield 2

def delegate(inner):
    yield from inner

class Wait:
    def __await__(self):
        yield 1

async def inside(order):
    await Wait()

async def outside():
    mine = Order(21)
    await inside(mine)

def work(ready, over):
    in_thread = [Order(31)]
    ready.set()
    over.wait()
    return in_thread

def leaf(argument):
    in_leaf = Order(1)
    ctypes.PyDLL(None).heapline_snapshot(b"here")
    return argument, in_leaf

def middle():
    in_middle = {"key": Order(2)}
    in_cell = Order(3)
    def closure():
        return in_cell
    for item in iter([Order(4)]):
        leaf(in_middle)
    return closure

def handle():
    try:
        raise ValueError("known")
    except ValueError:
        middle()

generator = count("s")
next(generator)
delegating = delegate(count("t"))
next(delegating)
coroutine = outside()
coroutine.send(None)
ready, over = threading.Event(), threading.Event()
thread = threading.Thread(target=work, args=(ready, over))
thread.start()
ready.wait()
handle()
over.set()
thread.join()
coroutine.close()
'''


@scenario("frames-locals")
def variables(bench):
    edges = bench.holders()
    leaf, middle, module = edges.frame("leaf "), edges.frame("middle "), edges.frame("<module> .*app.py")
    expect("Order at" in edges.walk(leaf, "local in_leaf"), "leaf's Order has another name")
    expect("Order at" in edges.walk(middle, "local in_middle", "['key']"), "middle's dict does not lead to its Order")
    expect("Order at" in edges.walk(middle, "local item"), "the loop's variable is not there")
    expect(edges.of(leaf)["local argument"][0] == edges.of(middle)["local in_middle"][0],
           "the argument is another object than the caller's variable")
    cell = edges.step(middle, "local in_cell")
    expect(any("Order at" in name for _, name in edges.of(cell).values()), f"the cell holds {edges.of(cell)}")
    for frame, outer in ((leaf, middle), (edges.frame("handle "), module)):
        expect_equal("the caller", edges.step(frame, ".f_back"), outer)
    expect("code leaf" in edges.walk(leaf, ".__code__"), "the code is not that of leaf")


@scenario("frames-lines")
def lines(bench):
    edges = bench.holders()
    names = edges.roots(r"frame of thread \d+")
    for function, part in (("leaf", "heapline_snapshot"), ("middle", "leaf(in_middle)"), ("<module>", "handle()"),
                           ("work", "over.wait()")):
        line = [n for n, text in enumerate(HOLDERS.split("\n"), 1)
                if text.strip() == part or (function == "leaf" and part in text)][-1]
        wanted = f"frame {function} (app.py:{line})"
        expect(wanted in names, f"{wanted} is not among {names}")


@scenario("frames-values")
def values(bench):
    """What only the value stack holds: the iterator of a loop."""
    edges = bench.holders()
    middle = edges.frame("middle ")
    held = [row for row in edges.by_source[middle] if "list_iterator" in row[6]]
    expect(len(held) == 1 and int(held[0][8]) in (KINDS["stack"], KINDS["offset"]), f"the loop's iterator is held by {held}")


@scenario("frames-threads")
def threads(bench):
    edges = bench.holders()
    work = edges.frame("work ")
    expect("Order at" in edges.walk(work, "local in_thread", "[0]"), "the other thread's Order is not under its name")
    both = (work, edges.frame("leaf "))
    roots = [row[4] for row in edges.by_source["0"] if row[5] in both]
    expect_equal("threads", len({name for name in roots if name.startswith("frame of")}), 2)


def generators_of(edges, code):
    """Numbers of generators and coroutines that run the code, with the holder of their variables: up to 3.10 their frame
    object."""
    found = []
    for row in edges.rows:
        if (row[2] in ("generator", "coroutine") and re.search(r"\.(gi_|cr_|__)code", row[4])
                and row[7].startswith("code " + code)):
            frame = [r[5] for r in edges.by_source[row[1]] if r[4] in (".gi_frame", ".cr_frame")]
            found.append((row[1], frame[0] if frame and not edges.of(row[1], "local") else row[1]))
    return dict(found)


@scenario("frames-generators")
def generators(bench):
    edges = bench.holders()
    counts = generators_of(edges, "count")
    expect_equal("generators of count", len(counts), 2)
    for holder in counts.values():
        expect(re.search("list of 1", edges.walk(holder, "local mark")), "mark is not the list")
    (number, holder), = generators_of(edges, "delegate").items()
    inner = edges.step(holder, "local inner")
    expect(inner in counts, "inner is another generator")
    again = [row for row in edges.by_source[holder] if row[5] == inner and row[4] != "local inner"]
    expect(len(again) == 1, f"the generator that it waits for: {again}")
    if bench.interpreter.at_least(3, 11):
        expect_equal("what it waits for", again[0][4], ".gi_yieldfrom")
    (number, holder), = generators_of(edges, "outside").items()
    expect("Order at" in edges.walk(holder, "local mine"), "the coroutine's Order is not there")
    if bench.interpreter.at_least(3, 11):
        expect("coroutine" in edges.walk(number, ".cr_await"), "it waits for no coroutine")


@scenario("frames-error")
def error(bench):
    edges = bench.holders()
    handled = edges.roots("exception being handled")
    expect(any("ValueError" in name for name in handled), f"the exception being handled: {handled}")


@scenario("frames-modules")
def modules(bench):
    """The natural way to a global: sys.modules, its module, the module's dict."""
    edges = bench.holders()
    table, = edges.root_numbers("sys.modules", "dict")
    module = edges.step(table, "['__main__']")
    expect("module __main__" in edges.walk(table, "['__main__']"), "it is no module")
    names = edges.of(edges.step(module, ".__dict__"))
    expect("generator" in names.get("global generator of __main__", ("", ""))[1], f"the global is not there: {sorted(names)}")
    for name in ("builtins.__dict__", "sys.__dict__", "importlib"):
        expect(edges.roots(re.escape(name)), f"{name} is no root")


PARTS = '''
import os, sys, threading, time, re, ctypes
mode = sys.argv[1]
class Order: pass
keep = [Order() for i in range(100)]
def tell():
    print("ready", os.getpid(), flush=True)
def allocate():
    while True:
        made = [str(i) for i in range(1000)]
def compute():
    n = 0
    while True:
        n = n + 1 & 255
if mode == "sleep":
    tell(); time.sleep(1000)
elif mode == "allocate":
    tell(); allocate()
elif mode == "compute":
    tell(); compute()
elif mode in ("threads-allocate", "threads-compute"):
    for i in range(3):
        threading.Thread(target=allocate if mode == "threads-allocate" else compute, daemon=True).start()
    tell(); threading.Event().wait()
elif mode == "collect":
    import gc
    class Ring: pass
    rings = [Ring() for i in range(100000)]
    for ring in rings: ring.me = ring
    tell()
    while True: gc.collect()
elif mode == "hold":
    read, ends = ctypes.PyDLL(None).read, os.pipe()
    tell(); read(ends[0], ctypes.create_string_buffer(1), 1)
'''


def has_orders(edges):
    found = {row[1] for row in edges.rows if row[2] == "Order" and row[4] == "class"}
    expect_equal("Orders", len(found), 100)
    expect(not edges.reasons, f"reasons: {edges.reasons}")


def add_request(mode):
    @scenario("request-" + mode)
    def request(bench):
        edges = bench.ask(PARTS, mode)
        has_orders(edges)
        expect(edges.frame("<module> .*app.py"), "the program's frame is not there")


for each in ("sleep", "allocate", "compute", "threads-allocate", "threads-compute"):
    add_request(each)


@scenario("request-collect")
def collecting(bench):
    """The cyclic collector is at work nearly all the time: between two runs of it all is there, else the reason is told."""
    edges = bench.ask(PARTS, "collect")
    if edges.reasons:
        expect(re.search(r"missing: thread \d+ was collecting garbage", edges.reasons[0]), f"reasons: {edges.reasons}")
        expect(edges.rows and not [row for row in edges.rows if row[0] == "python"], "the native graph is not there alone")
    else:
        has_orders(edges)


def sleeps(pid):
    """Its first thread waits in a system call: nobody tells when that begins, so that it is looked for."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0] == "S"


@scenario("request-hold")
def held(bench):
    """A C function keeps the interpreter's lock: what is native is there, and why the rest is not."""
    edges = bench.ask(PARTS, "hold", until=sleeps)
    expect(len(edges.reasons) == 1 and re.search(r"missing: thread \d+ held the interpreter's lock", edges.reasons[0]),
           f"reasons: {edges.reasons}")
    expect(not [row for row in edges.rows if row[0] == "python"], "there are objects all the same")
    expect(edges.rows, "the native graph is not there")


ENDS = '''
import atexit, os, sys, threading, time
class Order: pass
keep = {"first": Order()}
mode = sys.argv[1]
def work(ready):
    in_thread = Order()
    ready.set()
    time.sleep(1000)
def late():
    keep["late"] = Order()
if mode == "exit": sys.exit(3)
if mode == "raise": raise ValueError("known")
if mode == "os-exit": os._exit(4)
if mode == "daemon":
    ready = threading.Event()
    threading.Thread(target=work, args=(ready,), daemon=True).start()
    ready.wait()
if mode == "atexit": atexit.register(late)
if mode == "thread": threading.Thread(target=late).start()
if mode == "fork":
    child = os.fork()
    if child == 0:
        keep["child"] = Order()
        sys.exit(0)
    os.waitpid(child, 0)
'''


def orders_of(edges):
    return sorted(row[4] for row in edges.rows if row[6] == "Order" and "Order at" in row[7] and row[4].startswith("['"))


def add_end(mode, status, orders, cause):
    @scenario("end-" + mode)
    def end(bench):
        trace = bench.record(ENDS, mode, status=status)
        edges = bench.edges(trace)
        expect_equal("cause", edges.cause, cause)
        expect(not edges.reasons, f"reasons: {edges.reasons}")
        expect_equal("what keep has", orders_of(edges), sorted(f"['{name}']" for name in orders))
        causes = [c for process, c, blocks in bench.causes(trace) if process == 0]
        expect_equal("snapshots", causes, ["before-exit", "exit"] if cause == BEFORE_EXIT else ["exit"])


add_end("normal", 0, ["first"], BEFORE_EXIT)
add_end("exit", 3, ["first"], BEFORE_EXIT)
add_end("raise", 1, ["first"], BEFORE_EXIT)
add_end("os-exit", 4, ["first"], EXIT)
add_end("daemon", 0, ["first"], BEFORE_EXIT)
add_end("atexit", 0, ["first", "late"], BEFORE_EXIT)
add_end("thread", 0, ["first", "late"], BEFORE_EXIT)


@scenario("end-fork")
def fork(bench):
    trace = bench.record(ENDS, "fork")
    found = bench.causes(trace)
    for process in (0, 1):
        expect_equal(f"snapshots of process {process}", [c for p, c, blocks in found if p == process], ["before-exit", "exit"])
    for process, cause, blocks in found:
        expect(cause == "exit" or blocks > 2 * [b for p, c, b in found if p == process and c == "exit"][0],
               f"before its end: {found}")


@scenario("end-without-graph")
def without(bench):
    """Nobody asked for graphs: nothing is taken but what leaks are judged by."""
    path = bench.write("app.py", ENDS)
    outcome, trace = bench.profile([bench.python, path, "normal"])
    expect_equal("status", outcome.status, 0)
    expect_equal("snapshots", [cause for process, cause, blocks in bench.causes(trace)], ["exit"])


@scenario("end-twice")
def twice(bench):
    """A program that starts the interpreter, ends it, and starts it again: each end has its snapshot."""
    program = bench.interpreter.embedding("embed")
    script = bench.write("app.py", "class Order: pass\nkeep = {'first': Order()}\n")
    env = bench.environment(PYTHONHOME=bench.interpreter.facts["base_prefix"])
    outcome, trace = bench.profile([program, script, "2"], options=["--graph"], env=env)
    expect_equal("status", outcome.status, 0)
    expect_equal("snapshots", [cause for process, cause, blocks in bench.causes(trace)], ["before-exit", "before-exit", "exit"])
    for which in ("1", "2"):
        edges = bench.edges(trace, which)
        expect(not edges.reasons, f"reasons of snapshot {which}: {edges.reasons}")
        expect(any(row[2] == "type" and row[3] == "class Order" for row in edges.rows),
               f"snapshot {which} does not show the class")


def main():
    parser = argparse.ArgumentParser(description="Compare what graphs say of frames with what programs do.")
    parser.add_argument("--heapline", required=True, help="the command to test")
    parser.add_argument("--edges", required=True, help="the built program tests/graph/frames/edges.c")
    add_interpreter_options(parser)
    arguments = parser.parse_args()
    built = [os.path.abspath(arguments.heapline), os.path.abspath(arguments.edges)]
    return run_with_interpreter(SCENARIOS, arguments, lambda interpreter: FrameBench(built[0], interpreter, built[1]))


if __name__ == "__main__":
    sys.exit(main())
