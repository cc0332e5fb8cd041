"""The ways to run a Python program: natively, under heapline in two modes, under memray in four. All with the same python."""
import os

from tools import Failed, Heapline


class NativePython:
    name, title = "native", "native"

    def __init__(self, stopwatch, env):
        self.stopwatch, self.env = stopwatch, env

    def run(self, python, arguments, stdout="/dev/null"):
        return self.stopwatch.run([python, *arguments], env=self.env, stdout=stdout)


class PythonHeapline(Heapline):
    """One mode of heapline; its name is that of the mode."""

    def __init__(self, stopwatch, work, command, env, mode):
        super().__init__(stopwatch, work, command)
        self.env, self.mode, self.name, self.title = env, mode, mode, f"heapline, {mode}"
        self.trace = os.path.join(work, f"{mode}.hpl")

    def run(self, python, arguments, stdout="/dev/null", trace=None):
        trace = trace or self.trace
        run = self.stopwatch.run([python, *arguments], prefix=self.prefix(trace), env=self.env, stdout=stdout)
        run.trace_bytes = os.path.getsize(trace)
        self.look(self.report(trace), run)
        return run

    def look(self, report, run):
        """A run that fell back to less than its mode says must not pass for a fast one."""
        wanted = "live" if self.mode == "objects" else self.mode
        states = {python["state"]: python["reason"] for python in report.get("pythons", [])}
        if wanted not in states:
            found = ", ".join(f"{state} ({reason})" for state, reason in states.items())
            raise Failed(f"--python={self.mode} recorded {found or 'no interpreter'}")
        run.recorder_cpu_s = report["losses"]["collector_cpu_s"]


class Memray:
    """memray run: its collection is part of the interpreter, so that the command's time is the interpreter's."""
    MODES = {"memray": [], "memray-native": ["--native"], "memray-python": ["--trace-python-allocators"],
             "memray-both": ["--native", "--trace-python-allocators"]}
    TITLES = {"memray": "memray", "memray-native": "+ native", "memray-python": "+ Python allocators", "memray-both": "both"}

    def __init__(self, stopwatch, work, env, name):
        self.stopwatch, self.env, self.name, self.title = stopwatch, env, name, self.TITLES[name]
        self.trace = os.path.join(work, f"{name}.bin")

    def run(self, python, arguments, stdout="/dev/null", trace=None):
        trace = trace or self.trace
        command = [python, "-m", "memray", "run", "--quiet", "--force", *self.MODES[self.name], "-o", trace, *arguments]
        run = self.stopwatch.run(command, env=self.env, stdout=stdout)
        run.trace_bytes = os.path.getsize(trace)
        return run
