"""What needs more than one program and one run: programs that run on while they are looked at, debuggers, Python."""
import contextlib
import os
import shutil
import signal
import subprocess
import time

from expectations import place_of, say, sum_groups
from harness import Skip, TIMEOUT, expect, expect_equal
from verdicts import FOLDER, groups_of

SERVER = os.path.join(FOLDER, "server.c")


def line_of(path, text):
    with open(path, encoding="utf-8") as file:
        return next(n for n, line in enumerate(file, 1) if text in line)


@contextlib.contextmanager
def running_server(bench, trace):
    """The server under heapline; yields what sends it a line and waits for its answer, and its pid."""
    command = [bench.heapline, "run", "-q", "-o", trace, "--", bench.program("server")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=bench.environment(),
                               cwd=bench.scratch, start_new_session=True)

    def tell(line):
        process.stdin.write(line + b"\n")
        process.stdin.flush()
        expect_equal("the server's answer", process.stdout.readline(), b"done\n")
    try:
        tell(b"hello")      # it runs, and is recorded
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
            pid = int(file.read().split()[0])
        yield tell, pid
        process.stdin.close()
        expect_equal("exit status", process.wait(TIMEOUT), 0)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


def server_sums(bench, trace, *options):
    sums = sum_groups(groups_of(bench.leaks(trace, *options)), {"server.c"})
    return [say(sums.get(("server.c", line_of(SERVER, text)), {})) for text in ("/* reachable */", "/* lost */")]


def ask_for_snapshot(bench, pid, label):
    """Not by the bench, which waits until nothing runs any more."""
    asked = subprocess.run([bench.heapline, "snapshot", str(pid), "--label", label], capture_output=True, timeout=TIMEOUT,
                           env=bench.environment())
    expect_equal(f"heapline snapshot, {asked.stderr[-300:]}", asked.returncode, 0)


def snapshot_on_request(bench):
    """Snapshots of a running program: each shows its own moment, and the last one the end. That it wrote over its environment, which
    named the recording, does not matter."""
    trace = bench.path("trace.hpl")
    with running_server(bench, trace) as (tell, pid):
        ask_for_snapshot(bench, pid, "before")
        tell(b"title")
        tell(b"keep")
        tell(b"drop")
        ask_for_snapshot(bench, pid, "between")
        tell(b"drop")
    expect_equal("before", server_sums(bench, trace, "--label", "before"), ["nothing", "nothing"])
    expect_equal("between", server_sums(bench, trace, "--label", "between"), ["reachable=1000/1", "lost=2000/1"])
    expect_equal("at the end", server_sums(bench, trace), ["reachable=1000/1", "lost=4000/2"])


WAITS = ("poll", "ppoll", "select", "epoll_wait", "sigtimedwait", "sem_timedwait", "semop", "nanosleep", "clock_nanosleep")


def waiting_threads(bench):
    """Calls that every handler ends go on over a snapshot, and sleep as long as they were told to."""
    outcome, trace = bench.profile([bench.program("waits")], options=["-q"])
    expect_equal(f"exit status, {outcome.stderr[-300:]}", outcome.status, 0)
    expect_equal("calls", outcome.stdout.decode().splitlines(), [f"{name} passed" for name in WAITS])
    expect_equal("snapshots", bench.leaks(trace, "--label", "while they wait")["reasons"], [])


def waiting_alone(bench):
    """The same where there is one thread, for which the C library calls the system another way."""
    command = [bench.heapline, "run", "-q", "-o", bench.path("trace.hpl"), "--", bench.program("waits"), "alone"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=bench.environment(), cwd=bench.scratch,
                          start_new_session=True) as process:
        try:
            expect_equal("first line", process.stdout.readline(), b"waiting\n")
            with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
                pid = int(file.read().split()[0])
            wait_until(lambda: state_of(pid) == "S")
            ask_for_snapshot(bench, pid, "while it waits")
            expect_equal("what it said", process.communicate(b"\n", TIMEOUT)[0], b"poll passed\n")
            expect_equal("exit status", process.returncode, 0)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0]


def wait_until(true):
    end = time.monotonic() + TIMEOUT
    while not true():
        expect(time.monotonic() < end, "it never came to wait")
        time.sleep(0.001)


def skipped_globals(bench):
    """Without globals what only they hold is lost: the switch leaves roots out, and the verdict shows that it matters."""
    outcome, trace = bench.profile([bench.program("globals")], options=["-q", "--skip-roots=globals"])
    expect_equal("exit status", outcome.status, 0)
    sums = sum_groups(groups_of(bench.leaks(trace)), {"globals.c"})
    line = line_of(os.path.join(FOLDER, "globals.c"), "of_file = malloc(102)")
    expect_equal("what a global held", say(sums[("globals.c", line)]), "lost=102/1")


def under_debugger(bench):
    """A program that a debugger has started is judged as ever: nothing here needs ptrace, which is the debugger's."""
    if not shutil.which("gdb"):
        raise Skip("gdb is not there")
    commands = [bench.program(name) for name in ("trees", "stacks")]
    for program in commands:
        gdb = ["gdb", "-q", "-nx", "-batch", "-ex", "handle all nostop noprint pass", "-ex", "run", program]
        outcome, trace = bench.profile(gdb, options=["-q"], trace=os.path.basename(program) + ".hpl")
        expect(b"exited normally" in outcome.stdout, f"gdb did not run {program} to its end: {outcome.stdout[-300:]}")
        leaks = bench.leaks(trace, "--process", os.path.basename(program))
        expect_equal("verdict", (leaks["verdict"], leaks["reasons"]), ("leaks" if "trees" in program else "clean", []))
        expect_equal("lost blocks", leaks["totals"]["lost"]["blocks"], 2 if "trees" in program else 0)


def in_container(bench):
    """Under a filter that was there before, as every container has one: snapshots need no call that it forbids."""
    trace = bench.path("trace.hpl")
    command = [bench.heapline, "run", "-q", "-o", trace, "--", bench.program("trees")]
    outcome = bench.run([bench.program("forbidden"), "wrap", *command])
    expect_equal(f"exit status, {outcome.stderr[-300:]}", outcome.status, 0)
    leaks = bench.leaks(trace)
    expect_equal("verdict", (leaks["verdict"], leaks["reasons"], leaks["totals"]["lost"]["blocks"]), ("leaks", [], 2))


# ---- Python ----

PYTHON_FILE = os.path.join(FOLDER, "forgets.py")


def python_with_headers(bench):
    """A Python and its extension module, built here: which Python there is is no matter of the build."""
    python = next((p for p in ("/usr/bin/python3", shutil.which("python3")) if p and os.path.exists(p)), None)
    code = "import sysconfig as s; print(s.get_paths()['include'], s.get_config_var('EXT_SUFFIX'))"
    include, suffix = bench.run([python, "-I", "-c", code]).stdout.decode().split()
    if not os.path.exists(os.path.join(include, "Python.h")):
        raise Skip(f"{python} has no headers")
    module = os.path.join(bench.folder("module"), "forgets" + suffix)
    source = os.path.join(FOLDER, "forgets.c")
    built = bench.run(["cc", "-g", "-O0", "-shared", "-fPIC", f"-I{include}", source, "-o", module])
    expect_equal(f"building the extension module: {built.stderr[-300:]}", built.status, 0)
    return [python, "-I", PYTHON_FILE, bench.path("module")]


def python_sums(bench, mode):
    outcome, trace = bench.profile(python_with_headers(bench), options=["-q", f"--python={mode}"])
    expect_equal(f"exit status, {outcome.stderr[-300:]}", outcome.status, 0)
    leaks = bench.leaks(trace)
    expect_equal("reasons", leaks["reasons"], [])
    sums = sum_groups(groups_of(leaks), {"forgets.py"})
    texts = ("forgets.forget(bytes", "[bytes(700", "node = Node", "bytes(901)", "[bytes(801)", "forgets.raw")
    return {text: say(sums.get(("forgets.py", line_of(PYTHON_FILE, text)), {})) for text in texts}, leaks


def python_objects(bench):
    """What a forgotten Py_DECREF loses, with the line that made it: a bytes object has 33 bytes more than its text. Containers
    are in the list of the cyclic collector, which leads to them and to what they hold: reachable."""
    sums, _ = python_sums(bench, "objects")
    expect_equal("bytes", sums["forgets.forget(bytes"], "lost=633/1")
    expect_equal("raw memory", sums["forgets.raw"], "lost=1234/1")
    expect_equal("bytes of a container", sums["bytes(901)"], "reachable=934/1")
    for text in ("node = Node", "[bytes(700", "[bytes(801)"):
        expect(sums[text].startswith("reachable="), f"{text}: expected it reachable, came {sums[text]}")


def python_arenas(bench):
    """Objects in arenas are no blocks; what lies outside of them is judged as ever, and nothing that only arenas hold is lost."""
    sums, leaks = python_sums(bench, "arenas")
    expect_equal("raw memory", sums["forgets.raw"], "lost=1234/1")
    lost = [g for g in leaks["groups"] if g["kind"] == "lost" and place_of(g["stack"], {"forgets.py"}) is None]
    expect_equal("lost outside of the script", [[f["function"] for f in g["stack"][:6]] for g in lost], [])


def scenarios():
    found = (snapshot_on_request, waiting_threads, waiting_alone, skipped_globals, under_debugger, in_container, python_objects,
             python_arenas)
    return [(f.__name__, "verdicts", f) for f in found]
