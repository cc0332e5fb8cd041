"""The ways to run a program: natively, under heapline, under its peers; all through `timed`, which measures the program alone."""
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import time

LIMIT_SECONDS = 1800


class Failed(Exception):
    """A run that did not do what it should: a sentence."""


@dataclasses.dataclass
class Run:
    wall_s: float                 # of the program, from its start to its end
    target_cpu_s: float           # of the program
    other_cpu_s: float            # of everything else that the tool started, to its end
    rss_bytes: int                # largest resident size of the program
    trace_bytes: int = 0
    recorder_cpu_s: float = 0.0   # the part of other_cpu_s that went by until the program ended; 0: not known
    command_s: float = 0.0        # wall time of the tool's whole command: what its user waits for


def run_to_end(command, env=None):
    """Returns the processor seconds of the command and all its descendants, and its wall seconds."""
    begin = time.monotonic()
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               start_new_session=True)
    previous = signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
    signal.alarm(LIMIT_SECONDS)
    try:
        message = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = message.decode(errors="replace").strip().splitlines()[-3:]
        raise Failed(f"`{' '.join(command)}` ended with {process.returncode}: {' / '.join(said)}")
    return usage.ru_utime + usage.ru_stime, wall


class Stopwatch:
    """Runs a command under `timed`, itself under whatever `prefix` says."""

    def __init__(self, work):
        self.timed = os.path.join(work, "timed")
        self.result = os.path.join(work, "timed.result")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "timed.c")
        subprocess.run(["gcc", "-O2", "-static", source, "-o", self.timed], check=True)

    def run(self, command, stdin="/dev/null", prefix=(), env=None, stdout="/dev/null"):
        if os.path.exists(self.result):
            os.unlink(self.result)
        total, whole = run_to_end([*prefix, self.timed, self.result, stdin, stdout, *command], env)
        with open(self.result, encoding="ascii") as file:
            wall, user, system, rss, _ = map(int, file.read().split())
        cpu = (user + system) / 1e6
        return Run(wall / 1e9, cpu, max(0.0, total - cpu), rss * 1024, command_s=whole)


class Native:
    name = "native"

    def __init__(self, stopwatch, _work):
        self.stopwatch = stopwatch

    def version(self):
        return ""

    def run(self, command, stdin="/dev/null"):
        return self.stopwatch.run(command, stdin)


class Heapline:
    """Native events: what it records of Python's objects is measured on its own, in python_tools.py."""
    name = "heapline"
    mode = "off"
    more = ()                     # options of heapline run

    def __init__(self, stopwatch, work, command):
        self.stopwatch, self.command = stopwatch, command
        self.trace = os.path.join(work, "heapline.hpl")

    def version(self):
        return subprocess.run([self.command, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]

    def prefix(self, trace):
        """A static program is refused as the first one, so env starts it; env and `timed` are not in the figures."""
        return [self.command, "run", "--quiet", f"--python={self.mode}", *self.more, "-o", trace, "--",
                "/usr/bin/env"]

    def run(self, command, stdin="/dev/null", trace=None):
        trace = trace or self.trace
        run = self.stopwatch.run(command, stdin, self.prefix(trace))
        run.trace_bytes = os.path.getsize(trace)
        run.recorder_cpu_s = self.report(trace)["losses"]["collector_cpu_s"]
        return run

    def report(self, trace):
        return json.loads(subprocess.run([self.command, "report", "--json", trace], capture_output=True, check=True).stdout)

    def summary(self, trace=None):
        """What the trace says of the program: the process with the most allocations."""
        process = max(self.report(trace or self.trace)["processes"], key=lambda p: p["allocations"])
        return {"events": process["allocations"] + process["frees"], "peak_bytes": process["peak_bytes"],
                "lost_events": process["lost_events"]}


class Heaptrack:
    """Recording only (--raw): what it collects goes through its compressor to a file and is not interpreted."""
    name = "heaptrack"

    def __init__(self, stopwatch, work):
        self.stopwatch, self.base = stopwatch, os.path.join(work, "heaptrack")

    @staticmethod
    def present():
        return shutil.which("heaptrack") is not None

    def version(self):
        words = subprocess.run(["heaptrack", "--version"], capture_output=True, text=True, check=False).stdout.split()
        return f"{words[-1] if words else '?'}, {'zstd' if shutil.which('zstd') else 'gzip'}"

    def file(self, kind):
        return next(path for path in (f"{self.base}{kind}.{suffix}" for suffix in ("zst", "gz")) if os.path.exists(path))

    def run(self, command, stdin="/dev/null"):
        run = self.stopwatch.run(command, stdin, ["heaptrack", "--raw", "-o", self.base])
        run.trace_bytes = os.path.getsize(self.file(".raw"))
        return run

    def record_for_print(self, command):
        """Records and interprets: the file that heaptrack_print reads."""
        self.stopwatch.run(command, prefix=["heaptrack", "-o", self.base])
        return self.file("")


class Bytehound:
    name = "bytehound"

    def __init__(self, stopwatch, work):
        self.stopwatch, self.file = stopwatch, os.path.join(work, "bytehound.dat")

    @staticmethod
    def library():
        command = shutil.which("bytehound")
        if not command:
            return None
        folder = os.path.dirname(os.path.realpath(command))
        places = [folder, os.path.join(folder, "..", "lib"), "/usr/lib", "/usr/local/lib"]
        found = [os.path.join(p, "libbytehound.so") for p in places if os.path.exists(os.path.join(p, "libbytehound.so"))]
        return os.path.realpath(found[0]) if found else None

    @classmethod
    def present(cls):
        return cls.library() is not None

    def version(self):
        words = subprocess.run(["bytehound", "--version"], capture_output=True, text=True, check=False).stdout.split()
        return words[-1] if words else "?"

    def run(self, command, stdin="/dev/null"):
        env = dict(os.environ, LD_PRELOAD=self.library(), MEMORY_PROFILER_OUTPUT=self.file)
        run = self.stopwatch.run(command, stdin, ["/usr/bin/env"], env)
        run.trace_bytes = os.path.getsize(self.file)
        return run
