"""Measures the Python cases, and the reports on a large Python trace."""
import dataclasses
import math
import os
import statistics

from figures import VIEWS, median_run
from python_cases import CASES, EVENTS, MEMRAY, Nest, Programs, environment, real_interpreter, version
from python_tools import Memray, NativePython, PythonHeapline
from tools import Failed
from workloads import Missing

REPORTS = "python-reports"


def median_of(runs):
    return {field: statistics.median(run[field] for run in runs) for field in runs[0]}


def contents(path):
    with open(path, "rb") as file:
        return file.read()


class PythonBench:
    """`results` is what the tables read; `whole` turns False when something could not be measured that ought to be."""

    def __init__(self, options, work, stopwatch, say):
        self.options, self.work, self.stopwatch, self.say, self.whole = options, work, stopwatch, say, True
        interpreter = real_interpreter(options.python)
        self.programs = Programs(os.path.abspath(options.workloads), interpreter, options.quick)
        self.nest, self.env = Nest(work), environment()
        self.native = NativePython(stopwatch, self.env)
        command = os.path.abspath(options.heapline)
        self.heaplines = {mode: PythonHeapline(stopwatch, work, command, self.env, mode) for mode in ("objects", "arenas")}
        self.memrays = {} if options.no_peers else {name: Memray(stopwatch, work, self.env, name) for name in Memray.MODES}
        self.results = {
            "python": interpreter, "version": version(interpreter),
            "heapline": self.heaplines["objects"].version(), "memray": MEMRAY, "peers": list(self.memrays),
            "cases": [], "reports": [], "missing": {}, "skipped": {},
        }

    def python_for(self, case):
        """Returns the python to run and the peers that it can run; notes why there are none."""
        interpreter = self.programs.interpreter_of(case)
        if not self.memrays:
            return interpreter, {}
        python, why = self.nest.python(interpreter, packages_of_system=case.name == "pypandas")
        if not python:
            self.results["missing"][version(interpreter)] = why
        return python or interpreter, self.memrays if python else {}

    def run_one(self, tool, python, arguments, expected):
        """Returns the run and the program's output. Raises Failed when the program said something else than natively."""
        output = os.path.join(self.work, "output")
        run = tool.run(python, arguments, stdout=output)
        said = contents(output)
        if expected is not None and said != expected:
            raise Failed("the program printed something else than in its native run")
        return run, said

    def round(self, case, tools, python, arguments, runs, failed):
        said = None
        for tool in tools:
            if tool.name in failed:
                continue
            try:
                run, output = self.run_one(tool, python, arguments, said)
            except Failed as error:
                if tool is self.native:
                    raise
                failed[tool.name] = str(error)
                self.whole = False
                self.say(f"{case.name}, {tool.title}: {error}")
                continue
            said = output if tool is self.native else said
            runs[tool.name].append(dataclasses.asdict(run))
            self.say(f"{case.name}, {tool.title}: {run.command_s:.3f} s, of these {run.wall_s:.3f} s the interpreter")

    def measure(self, case):
        python, peers = self.python_for(case)
        arguments = self.programs.arguments(case)
        tools = [self.native, *self.heaplines.values(), *peers.values()]
        runs, failed = {tool.name: [] for tool in tools}, {}
        for i in range(self.options.rounds):
            self.say(f"{case.name}, round {i + 1} of {self.options.rounds}")
            self.round(case, tools, python, arguments, runs, failed)
        result = {"name": case.name, "title": f"{case.file} {arguments[-1]}", "own": case.own, "limits": case.limits,
                  "failed": failed}
        if "objects" not in failed:
            result |= self.heaplines["objects"].summary()
        result["tools"] = {name: {"median": median_of(list_), "runs": list_} for name, list_ in runs.items()
                           if name not in failed}
        self.results["cases"].append(result)

    def reports(self):
        """On the trace of pydata.py, and where that has fewer events than the limit was set for, on one that has enough."""
        case = CASES[0]
        python, peers = self.python_for(case)
        count = self.programs.count(case)
        events = self.reports_on(case, python, peers, count)
        if events < EVENTS and not self.options.quick:
            self.reports_on(case, python, peers, math.ceil(count * EVENTS / events / 1000) * 1000)

    def reports_on(self, case, python, peers, count):
        """Returns the number of events."""
        heapline, arguments = self.heaplines["objects"], self.programs.arguments(case, count)
        heapline.run(python, arguments)
        commands = {f"heapline {view}": [heapline.command, view, heapline.trace] for view in VIEWS}
        if "memray-both" in peers:
            recording = peers["memray-both"].trace
            peers["memray-both"].run(python, arguments)
            commands["memray stats"] = [python, "-m", "memray", "stats", recording]
            page = os.path.join(self.work, "flamegraph.html")
            commands["memray flamegraph"] = [python, "-m", "memray", "flamegraph", "--force", "-o", page, recording]
        events = heapline.summary()["events"]
        for title, command in commands.items():
            self.say(f"{title} on {events:,} events")
            row = median_run(self.stopwatch, command, self.options.rounds)
            self.results["reports"].append({"title": title, "on": f"{case.file} {count}", "events": events, **row})
        return events

    def measure_named(self, name):
        try:
            self.reports() if name == REPORTS else self.measure(next(case for case in CASES if case.name == name))
        except Missing as missing:
            self.say(f"{name} is left out: {missing}")
            self.results["skipped"][name] = str(missing)
        except Failed as failed:
            self.say(f"{name}: {failed}")
            self.results["skipped"][name] = f"failed: {failed}"
            self.whole = False
