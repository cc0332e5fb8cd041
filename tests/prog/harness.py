"""What every scenario needs: a clean native run, a run under heapline, the reports of the trace, the independent count.

A scenario that does not hold raises Failure with what was expected and what came; one that cannot be had here raises Skip.
"""
import contextlib
import ctypes
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import time

TIMEOUT = int(os.environ.get("SCENARIO_TIMEOUT", "60"))
SITES = 2048
COUNT_FIELDS = ("pid", "allocations", "frees", "allocated_bytes", "live_bytes", "live_blocks", "peak_bytes",
                "temporary_allocations")
SUMMARY_LINES = 15


class Failure(Exception):
    """A scenario does not hold."""


class Skip(Exception):
    """A scenario cannot be had on this machine."""


def expect(condition, sentence):
    if not condition:
        raise Failure(sentence)


def expect_equal(what, came, expected):
    if came != expected:
        raise Failure(f"{what}: expected {short(expected)}, came {short(came)}")


def short(value):
    text = repr(value)
    return text if len(text) <= 600 else text[:450] + " ... " + text[-120:]


def adopt_orphans():
    """Daemons become this process's children when their parents end, so that a run is over only when all of it is."""
    ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)   # PR_SET_CHILD_SUBREAPER


def wait_for_orphans(command):
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                if time.monotonic() > deadline:
                    raise Failure(f"left processes behind that do not end: {' '.join(map(str, command))}")
                time.sleep(0.002)   # waitpid knows no time limit
        except ChildProcessError:
            return


class Outcome:
    """How a command ended. `status` as a shell says it: 128+n for a signal."""

    def __init__(self, returncode, stdout, stderr):
        self.returncode = returncode
        self.status = 128 - returncode if returncode < 0 else returncode
        self.stdout, self.stderr = stdout, stderr


class Bench:
    """The tools under test and a scratch folder of one scenario."""

    def __init__(self, heapline, programs, count, workloads):
        self.heapline, self.programs, self.count, self.workloads = heapline, programs, count, workloads
        self.scratch = None

    @contextlib.contextmanager
    def scenario(self, keep):
        self.scratch = tempfile.mkdtemp(prefix="heapline-scenario-")
        try:
            yield self
        finally:
            if keep:
                print(f"  kept {self.scratch}")
            else:
                shutil.rmtree(self.scratch, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.scratch, *names)

    def folder(self, name):
        """A new, empty folder inside the scratch folder."""
        path = self.path(name)
        os.makedirs(path, exist_ok=False)
        return path

    def program(self, name):
        return os.path.join(self.programs, name)

    def environment(self, **more):
        path = os.environ.get("PATH", "/usr/bin:/bin")
        return {"PATH": path, "HOME": self.scratch, "LC_ALL": "C.UTF-8", "TERM": "dumb", **more}

    def run(self, command, cwd=None, env=None, stdin=b"", before=None):
        """Runs a command to its end with a fresh environment; both outputs are captured."""
        def prepare():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if before:
                before()
        process = subprocess.Popen(command, cwd=cwd or self.scratch, env=env or self.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=prepare,
                                   start_new_session=True, close_fds=before is None)
        try:
            stdout, stderr = process.communicate(stdin, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            raise Failure(f"still running after {TIMEOUT} s: {' '.join(map(str, command))}; stderr: {short(stderr)}") from None
        wait_for_orphans(command)
        return Outcome(process.returncode, stdout, stderr)

    def profile(self, command, trace="trace.hpl", options=(), **how):
        """heapline run; returns the outcome and the trace's path."""
        trace = self.path(trace)
        return self.run([self.heapline, "run", "-o", trace, *options, "--", *command], **how), trace

    def verb(self, *arguments, status=0):
        """Any other command of heapline; it must end with `status` and without a crash."""
        outcome = self.run([self.heapline, *arguments])
        expect(outcome.status == status, f"heapline {' '.join(arguments)}: expected exit code {status}, came {outcome.status}; "
                                         f"stderr: {short(outcome.stderr)}")
        return outcome

    def json(self, *arguments):
        outcome = self.verb(*arguments)
        try:
            return json.loads(outcome.stdout)
        except ValueError as error:
            raise Failure(f"heapline {' '.join(arguments)}: no JSON ({error}): {short(outcome.stdout)}") from None

    def report(self, trace):
        return self.json("report", "--json", trace)

    def lines(self, trace, memory="heap"):
        return self.json("lines", "--json", "--memory", memory, "--top", "1000000", trace)["lines"]

    def stacks(self, trace):
        """Every stack of the trace as a list of function names, outermost first, with its allocated bytes."""
        folded = trace + ".folded"
        self.verb("export", trace, "--to", "folded", "--by", "allocated", "-o", folded)
        found = []
        with open(folded, encoding="utf-8", errors="replace") as file:
            for line in file:
                names, _, weight = line.rstrip("\n").rpartition(" ")
                found.append(([function_name(frame) for frame in split_frames(names)], int(weight)))
        return found

    def counted(self, folder):
        """The sections that the counting preload left behind, in order of pid and of their beginning."""
        sections = []
        head = struct.Struct(f"<{len(COUNT_FIELDS)}Q256s")
        site = struct.Struct("<5Q")
        for name in sorted(os.listdir(folder), key=lambda n: tuple(map(int, n.split(".")))):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            if len(data) < head.size:
                continue
            values = head.unpack_from(data)
            section = dict(zip(COUNT_FIELDS, values))
            section["executable"] = values[-1].split(b"\0")[0].decode("utf-8", "surrogateescape")
            if self.heapline and section["executable"] == os.path.realpath(self.heapline):
                continue    # the command itself, up to the program's exec
            section["sites"] = [s for s in site.iter_unpack(data[head.size:head.size + SITES * site.size]) if s[0]]
            sections.append(section)
        return sections


def split_frames(text):
    """Frames are parted by semicolons; a demangled name has none."""
    return text.split(";")


def function_name(frame):
    """The bare name: no arguments, no module, no namespace prefix of anonymous kinds."""
    frame = frame.replace("(anonymous namespace)::", "")
    return re.split(r"[(\[<]| \+| at ", frame)[0].strip()


def has_subsequence(names, wanted):
    """All of `wanted` in this order, others may stand between."""
    names = iter(names)
    return all(any(name == w for name in names) for w in wanted)


def losses_of(report):
    return report["losses"]


def check_summary(text):
    """What `heapline run` adds to stderr: at most 15 lines, nothing of a terminal's progress."""
    lines = text.decode("utf-8", "replace").splitlines()
    expect(len(lines) <= SUMMARY_LINES, f"summary: expected at most {SUMMARY_LINES} lines, came {len(lines)}: {short(text)}")
    expect(b"\r" not in text and b"\x1b" not in text, f"stderr is no terminal but got progress or colours: {short(text)}")


def check_transparent(native, profiled):
    """The target did not notice: same bytes on both outputs, same status."""
    expect_equal("exit status", profiled.status, native.status)
    expect_equal("stdout", profiled.stdout, native.stdout)
    expect(profiled.stderr.startswith(native.stderr),
           f"stderr: expected to begin as natively with {short(native.stderr)}, came {short(profiled.stderr)}")
    check_summary(profiled.stderr[len(native.stderr):])
