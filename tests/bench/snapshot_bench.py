"""Measures snapshots: how long the program stands still, how fast its memory is searched, what that takes outside of it, and what
the search at the end adds to a run."""
import json
import os
import re
import select
import statistics
import subprocess
import threading
import time

from tools import LIMIT_SECONDS, Failed, Heapline
from workloads import HERE, NAMES, Kitchen, Missing, call, need

PAUSES, HEAPS, ENDS = "snapshot-pauses", "snapshot-heaps", "snapshot-ends"
SNAPSHOT_NAMES = [PAUSES, HEAPS, ENDS]

MEGABYTES = 1024
THREADS = (0, 100)                # beside the first one
A_ROUND = 10                      # snapshots of one run
BLOCKS = 10_000_000
SHAPES = {"tree": "a tree, one pointer more in each block", "lists": "1000 lists, grown in turn at random"}
LOOK_SECONDS = 0.01

MARKER, TABLE = "heapline-marker", "/memfd:heapline-table"
RANGE = re.compile("[0-9a-f]+-[0-9a-f]+ ")
SNAPSHOT_LINE = re.compile(rb"\bsnapshot id=.* stopped_ns=(\d+) fork_ns=(\d+) .* missed_threads=(\d+) .* reasons=\"(.*)\"")


def find_marker(program):
    """The copy of this very program that searches its memory."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                if file.read().strip() == MARKER and os.path.realpath(f"/proc/{pid}/exe") == program:
                    return pid
        except OSError:
            pass
    return None


def private_bytes(pid):
    """What a process shares with nobody, the table left out; 0: the process is gone."""
    total, counted = 0, True
    try:
        with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:
            for line in file:
                if RANGE.match(line):
                    counted = TABLE not in line
                elif counted and line.startswith("Private_Dirty:"):
                    total += int(line.split()[1]) * 1024
    except OSError:
        pass
    return total


class Watch:
    """Looks again and again at what the collector holds more than before, the table included, and at the marker's own memory."""

    def __init__(self, collector, program):
        self.collector, self.program, self.marker = collector, os.path.realpath(program), None
        self.before = self.resident()
        self.most = {"collector": 0, "marker": 0, "both": 0}

    def resident(self):
        with open(f"/proc/{self.collector}/status", encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))

    def holds_table(self):
        folder = f"/proc/{self.collector}/fd"
        for fd in os.listdir(folder):
            try:
                if TABLE in os.readlink(f"{folder}/{fd}"):
                    return True
            except OSError:
                pass
        return False

    def look(self, at_marker=False):
        own = 0
        if at_marker:
            self.marker = self.marker or find_marker(self.program)
            own = private_bytes(self.marker) if self.marker else 0
        more = self.resident() - self.before
        for name, value in (("collector", more), ("marker", own), ("both", more + own)):
            self.most[name] = max(self.most[name], value)


class Conversation:
    """`heapline run` with a program that waits to be told to go on."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.timer = threading.Timer(LIMIT_SECONDS, self.process.kill)

    def __enter__(self):
        self.timer.start()
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
        self.process.wait()

    def answered(self, seconds):
        return bool(select.select([self.process.stdout], [], [], seconds)[0])

    def words(self, first):
        words = self.process.stdout.readline().decode().split()
        if not words or words[0] != first:
            self.process.stdin.close()
            raise Failed(f"the program never said {first}: {self.process.stderr.read().decode(errors='replace').strip()}")
        return words[1:]

    def go_on(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()


class WithoutCheck(Heapline):
    name = "without"
    more = ("--no-leak-check",)


def middle(runs, field):
    return statistics.median(run[field] for run in runs)


class SnapshotBench:
    """`results` is what the tables read; `whole` turns False when something could not be measured that ought to be."""

    def __init__(self, options, work, stopwatch, say):
        self.options, self.work, self.say, self.whole = options, work, say, True
        command = os.path.abspath(options.heapline)
        self.heapline, self.without = Heapline(stopwatch, work, command), WithoutCheck(stopwatch, work, command)
        self.kitchen = Kitchen(os.path.abspath(options.workloads), work, options.quick)
        self.program = os.path.join(work, "heaps")
        call(need("gcc"), "-O2", "-g", "-pthread", "-I", os.path.join(HERE, "..", "..", "lib"),
             os.path.join(HERE, "heaps.c"), "-o", self.program)
        self.results = {"heapline": self.heapline.version(), "pauses": [], "heaps": [], "ends": [], "skipped": {}}

    def cut(self, n):
        return n // 100 if self.options.quick else n

    def command(self, trace, *arguments):
        """Its own leak checks alone: none at the end."""
        return [self.heapline.command, "run", "--quiet", "--python=off", "--no-leak-check", "-o", trace, "--", self.program,
                *map(str, arguments)]

    def leaks(self, trace):
        """The exit code is the verdict's, so that it says nothing about success."""
        done = subprocess.run([self.heapline.command, "leaks", "--json", trace], capture_output=True, text=True, check=False)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise Failed(f"heapline leaks ended with {done.returncode}: {done.stderr.strip()}") from None

    # ---- pauses ----

    def pauses_of(self, trace):
        with subprocess.Popen([self.heapline.command, "dump", trace], stdout=subprocess.PIPE) as dump:
            for line in dump.stdout:
                found = SNAPSHOT_LINE.search(line)
                if found and (int(found[3]) or found[4]):
                    raise Failed(f"a snapshot is not complete: {found[4].decode(errors='replace')}")
                if found:
                    yield {"pause_s": int(found[1]) / 1e9, "fork_s": int(found[2]) / 1e9}

    def pauses_once(self, threads):
        trace, times = os.path.join(self.work, "pauses.hpl"), 3 if self.options.quick else A_ROUND
        run = subprocess.run(self.command(trace, "pause", self.cut(MEGABYTES), threads, times), capture_output=True,
                             text=True, check=False, timeout=LIMIT_SECONDS)
        if run.returncode:
            raise Failed(f"heaps pause ended with {run.returncode}: {run.stderr.strip()}")
        bare = [int(line.split()[1]) / 1e9 for line in run.stdout.splitlines()]
        taken = list(self.pauses_of(trace))
        if not len(bare) == len(taken) == times:
            raise Failed(f"{times} snapshots were asked for, {len(taken)} are in the trace")
        return [{"bare_s": fork, **snapshot} for fork, snapshot in zip(bare, taken)]

    def pauses(self):
        for threads in THREADS:
            runs = [row for _ in range(self.options.rounds) for row in self.pauses_once(threads)]
            row = {"threads": threads + 1, "bytes": self.cut(MEGABYTES) << 20, "runs": runs,
                   **{field: middle(runs, field) for field in ("bare_s", "fork_s", "pause_s")}}
            self.say(f"pauses beside {threads} threads: {row['pause_s'] * 1e3:.1f} ms, a bare fork {row['bare_s'] * 1e3:.1f} ms")
            self.results["pauses"].append(row)

    # ---- heaps of many small blocks ----

    def converse(self, trace, shape, blocks, at_marker):
        """Returns the answer's words, when the collector let its table go (ns), and the Watch."""
        with Conversation(self.command(trace, shape, blocks)) as talk:
            talk.words("ready")
            watch = Watch(talk.process.pid, self.program)
            talk.go_on()
            while not talk.answered(LOOK_SECONDS):
                watch.look(at_marker)
            answer = list(map(int, talk.words("answer")))
            while watch.holds_table() and not at_marker:
                watch.look()
                time.sleep(LOOK_SECONDS)
            written = time.monotonic_ns()
            talk.go_on()
            if talk.process.wait():
                raise Failed(f"heapline run ended with {talk.process.returncode}")
            return answer, written, watch

    def heap_once(self, shape, blocks, at_marker=False):
        """Looking at the marker keeps its memory from going for a moment, which disturbs the collector: a run of its own."""
        trace = os.path.join(self.work, "heap.hpl")
        (asked, answered, reachable, lost, complete), written, watch = self.converse(trace, shape, blocks, at_marker)
        if reachable < blocks or lost or not complete:
            raise Failed(f"of {blocks} blocks {reachable} were found reachable, {lost} lost, complete: {complete}")
        if at_marker:
            return watch.most
        snapshot = self.leaks(trace)["snapshots"][0]
        return {"answer_s": (answered - asked) / 1e9, "trace_s": (written - asked) / 1e9,
                "collector_bytes": watch.most["collector"],
                **{field: snapshot[field] for field in ("pause_s", "fork_s", "mark_s", "scanned_bytes")}}

    def heaps(self):
        blocks = self.cut(BLOCKS)
        for shape, title in SHAPES.items():
            runs = [self.heap_once(shape, blocks) for _ in range(self.options.rounds)]
            memory = self.heap_once(shape, blocks, at_marker=True)
            row = {"title": title, "blocks": blocks, "runs": runs, **{field: middle(runs, field) for field in runs[0]},
                   "marker_bytes": memory["marker"]}
            row["outside_bytes"] = max(memory["both"], row["collector_bytes"])
            self.say(f"{blocks:,} blocks, {shape}: answer after {row['answer_s']:.2f} s, "
                     f"{row['scanned_bytes'] / row['mark_s'] / 1e9:.2f} GB/s, {row['outside_bytes'] / blocks:.1f} bytes a block")
            self.results["heaps"].append(row)

    # ---- the search at the end ----

    def end_of(self, name):
        workload = self.kitchen.workload(name)
        tools = {"without": self.without, "with": self.heapline}
        runs = {title: [] for title in tools}
        for _ in range(self.options.rounds):
            for title, tool in tools.items():
                run = tool.run(workload.command, workload.stdin)
                runs[title].append({"wall_s": run.wall_s, "command_s": run.command_s})
        leaks = self.leaks(self.heapline.trace)
        medians = {title: {field: middle(list_, field) for field in list_[0]} for title, list_ in runs.items()}
        self.say(f"{name}: {medians['without']['command_s']:.3f} s, "
                 f"with the search at the end {medians['with']['command_s']:.3f} s")
        return {"title": workload.title, "verdict": leaks["verdict"], "blocks": sum(s["blocks"] for s in leaks["snapshots"]),
                "runs": runs, **medians}

    def ends(self):
        for name in NAMES:
            try:
                self.results["ends"].append(self.end_of(name))
            except Missing as missing:
                self.say(f"{name} is left out: {missing}")
                self.results["skipped"][f"{ENDS} of {name}"] = str(missing)

    def measure_named(self, name):
        try:
            {PAUSES: self.pauses, HEAPS: self.heaps, ENDS: self.ends}[name]()
        except Failed as failed:
            self.say(f"{name}: {failed}")
            self.results["skipped"][name] = f"failed: {failed}"
            self.whole = False
