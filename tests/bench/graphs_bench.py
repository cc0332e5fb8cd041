"""Measures reference graphs: how long the program stands still, when the graph is in the trace, how long questions to it
take; and what guppy3 and objgraph, which ask from inside of the process, take for theirs on the same heap."""
import json
import os
import statistics
import subprocess
import time

from python_cases import environment, last_line, real_interpreter, version
from snapshot_bench import LOOK_SECONDS, Conversation, Watch
from tools import LIMIT_SECONDS, Failed, Heapline, run_to_end
from workloads import HERE, Missing

OBJECTS, LARGE = "graph-objects", "graph-large"
GRAPH_NAMES = [OBJECTS, LARGE]
COUNTS = {OBJECTS: 1_000_000, LARGE: 10_000_000}
PROGRAM = os.path.join(HERE, "python", "order_heap.py")
QUESTIONS = {"types": ["types"], "dominators": ["dominators"], "chain of an Order": ["chain", "type:Order"]}
PACKAGES = ["objgraph", "guppy3"]
PEERS = {"guppy": "guppy3 heap()", "typestats": "objgraph typestats()", "growth": "objgraph show_growth(), twice"}


class GraphsBench:
    """`results` is what the tables read; `whole` turns False when something could not be measured that ought to be."""

    def __init__(self, options, work, stopwatch, say):
        self.options, self.work, self.stopwatch, self.say, self.whole = options, work, stopwatch, say, True
        self.heapline = Heapline(stopwatch, work, os.path.abspath(options.heapline))
        self.python, self.nest = real_interpreter(options.python), None
        self.results = {"python": self.python, "version": version(self.python), "heapline": self.heapline.version(), "heaps": [],
                        "skipped": {}}

    # ---- heapline ----

    def ask(self, pid):
        """The answer comes when the graph is in the trace."""
        command = [self.heapline.command, "snapshot", "--json", str(pid)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asking:
            yield asking
            text, said = asking.communicate(timeout=LIMIT_SECONDS)
        if asking.returncode:
            raise Failed(f"heapline snapshot ended with {asking.returncode}: {said.decode(errors='replace').strip()}")
        yield json.loads(text)

    def snapshot(self, talk, pid, trace, at_marker):
        """One snapshot; looking at memory disturbs the times, so that each is a run of its own."""
        before, watch = os.path.getsize(trace), Watch(talk.process.pid, self.python)
        begin, steps = time.monotonic(), self.ask(pid)
        asking = next(steps)
        while at_marker and asking.poll() is None:
            watch.look(at_marker=True)
            time.sleep(LOOK_SECONDS)
        answer = next(steps)
        if not answer["graph"]:
            raise Failed(f"there is no graph: {answer['sentence']}")
        took = time.monotonic() - begin
        return {"pause_s": answer["stopped_s"], "written_s": took, "trace_bytes": os.path.getsize(trace) - before,
                "number": answer["number"], **watch.most}

    def record(self, objects, trace):
        command = [self.heapline.command, "run", "--quiet", "--no-leak-check", "-o", trace, "--", self.python, PROGRAM,
                   str(objects), "wait"]
        with Conversation(command) as talk:
            pid = int(talk.words("ready")[0])
            runs = [self.snapshot(talk, pid, trace, at_marker=False) for _ in range(self.options.rounds)]
            memory = self.snapshot(talk, pid, trace, at_marker=True)
            talk.go_on()
            if talk.process.wait():
                raise Failed(f"heapline run ended with {talk.process.returncode}")
        return runs, memory

    def largest(self, objects):
        """The collector's resident memory at most, from the start of a recording with --graph to its end; bytes."""
        command = [self.heapline.command, "run", "--quiet", "--graph", "-o", os.path.join(self.work, "whole.hpl"), "--", self.python,
                   PROGRAM, str(objects), "wait"]
        most, end = 0, time.monotonic() + LIMIT_SECONDS
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and time.monotonic() < end:
                with open(f"/proc/{process.pid}/status", encoding="ascii", errors="replace") as file:
                    most = max([most] + [int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:")])
                time.sleep(LOOK_SECONDS)
            process.kill()
        os.unlink(command[command.index("-o") + 1])
        if process.returncode:
            raise Failed(f"heapline run --graph ended with {process.returncode}")
        return most

    def question(self, words, trace, number):
        command = [self.heapline.command, "graph", words[0], "--snapshot", f"#{number}", trace, *words[1:]]
        runs = [self.stopwatch.run(command) for _ in range(self.options.rounds)]
        return {"wall_s": statistics.median(run.wall_s for run in runs), "rss_bytes": max(run.rss_bytes for run in runs)}

    def heapline_on(self, objects):
        trace = os.path.join(self.work, "orders.hpl")
        runs, memory = self.record(objects, trace)
        row = {field: statistics.median(run[field] for run in runs) for field in ("pause_s", "written_s", "trace_bytes")}
        row |= {"runs": runs, "collector_bytes": memory["collector"], "marker_bytes": memory["marker"],
                "outside_bytes": memory["both"], "largest_bytes": self.largest(objects), "objects": self.objects_of(trace, runs[-1]["number"])}
        row["questions"] = {name: self.question(words, trace, runs[-1]["number"]) for name, words in QUESTIONS.items()}
        os.unlink(trace)
        return row

    def objects_of(self, trace, number):
        done = subprocess.run([self.heapline.command, "graph", "types", "--json", "--snapshot", f"#{number}", trace],
                              capture_output=True, check=True)
        return json.loads(done.stdout)["graph"]["sorts"]["python"]["nodes"]

    # ---- peers ----

    def python_with_peers(self):
        """A virtual environment, made once; raises Missing with the reason for none."""
        if self.nest:
            return self.nest
        folder = os.path.join(self.work, "venv-graphs")
        python = os.path.join(folder, "bin", "python3")
        for command in ([self.python, "-m", "venv", folder], [python, "-m", "pip", "install", "--quiet", *PACKAGES]):
            done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                                  env=environment())
            if done.returncode:
                raise Missing(f"`python3 {' '.join(command[1:3])}` failed: {last_line(done.stderr or done.stdout)}")
        self.nest = python
        return python

    def peer(self, tool, objects):
        run_to_end([self.python_with_peers(), "-c", "import objgraph, guppy"])
        runs = []
        for _ in range(self.options.rounds):
            done = subprocess.run([self.nest, PROGRAM, str(objects), tool], capture_output=True, text=True, check=False,
                                  timeout=LIMIT_SECONDS, env=environment())
            words = done.stdout.split()
            if done.returncode or words[:1] != ["took"]:
                raise Failed(f"{PEERS[tool]} ended with {done.returncode}: {last_line(done.stderr)}")
            runs.append({"wall_s": float(words[1]), "rss_bytes": int(words[2]) * 1024})
        return {field: statistics.median(run[field] for run in runs) for field in runs[0]}

    def peers_on(self, objects):
        if self.options.no_peers:
            return {}
        try:
            return {tool: self.peer(tool, objects) for tool in PEERS}
        except Missing as missing:
            self.say(f"guppy3 and objgraph are left out: {missing}")
            self.results["skipped"]["guppy3 and objgraph"] = str(missing)
            return {}

    def heap(self, name):
        objects = COUNTS[name] // (100 if self.options.quick else 1)
        row = self.heapline_on(objects)
        questions = ", ".join(f"{title} {found['wall_s']:.2f} s" for title, found in row["questions"].items())
        self.say(f"{row['objects']:,} objects: pause {row['pause_s'] * 1e3:.1f} ms, in the trace after {row['written_s']:.2f} s, "
                 f"{questions}")
        row["peers"] = self.peers_on(objects)
        self.results["heaps"].append({"name": name, **row})

    def measure_named(self, name):
        try:
            self.heap(name)
        except Missing as missing:
            self.say(f"{name} is left out: {missing}")
            self.results["skipped"][name] = str(missing)
        except Failed as failed:
            self.say(f"{name}: {failed}")
            self.results["skipped"][name] = f"failed: {failed}"
            self.whole = False
