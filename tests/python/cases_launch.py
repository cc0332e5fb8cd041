"""Ways to start Python: each needs no option and no change to the program, shows its lines, and leaves output and status
as they are."""
import os
import zipfile

from harness import Skip, expect, expect_equal
import bench
from bench import line_of

SCENARIOS, scenario = bench.register("launch")

PROGRAM = """\
import sys
kept = []


def load(n):
    kept.append(bytes(n))              # the line


load(300000)
load(100000)
print("loaded", len(kept), sys.argv[1:])
print("to stderr", file=sys.stderr)
sys.exit(3)
"""
LINE, SIZE = line_of(PROGRAM, "the line"), 400000


def check(bench, command, file, line=LINE, status=3, size=SIZE, **how):
    trace = bench.check_transparent(command, status=status, **how)
    bench.check_lines(trace, {(file, line): size})
    check_state(bench, trace)
    return trace


def check_state(bench, trace, state="live"):
    pythons = bench.dump(trace).records["python"]
    expect(pythons, "the trace knows of no Python")
    major, minor, micro = bench.interpreter.version
    for python in pythons:
        expect_equal("state of Python", (python["state"], python["reason"]), (state, ""))
        expect_equal("version", python["version"][:8], f"0x{major:02x}{minor:02x}{micro:02x}")


@scenario("launch-script")
def script(bench):
    check(bench, [bench.python, bench.write("app.py", PROGRAM), "a", "b c"], "app.py")


@scenario("launch-relative-script")
def relative_script(bench):
    """The name that a report shows is absolute, whatever folder it is read in."""
    bench.write("sub/app.py", PROGRAM)
    trace = check(bench, [bench.python, "../sub/app.py"], "app.py")
    files = {row["file"] for row in bench.lines(trace) if row["file"] and row["file"].endswith("app.py")}
    expect_equal("files", {os.path.realpath(f) for f in files}, {os.path.realpath(bench.path("sub/app.py"))})
    expect(all(os.path.isabs(f) for f in files), f"not absolute: {files}")


@scenario("launch-command")
def command(bench):
    check(bench, [bench.python, "-c", PROGRAM, "x"], "<string>")


@scenario("launch-module")
def module(bench):
    bench.write("package/__init__.py", "")
    bench.write("package/__main__.py", PROGRAM)
    env = bench.environment(PYTHONPATH=bench.scratch)
    check(bench, [bench.python, "-m", "package", "x"], "__main__.py", env=env)


@scenario("launch-zipapp")
def zipapp(bench):
    with zipfile.ZipFile(bench.path("app.pyz"), "w") as file:
        file.writestr("__main__.py", "import inner\n")
        file.writestr("inner.py", PROGRAM)
    check(bench, [bench.python, bench.path("app.pyz")], "inner.py")


@scenario("launch-stdin")
def stdin(bench):
    check(bench, [bench.python, "-"], "<stdin>", stdin=PROGRAM.encode())


@scenario("launch-interactive")
def interactive(bench):
    """Statements typed into the interpreter; from 3.13 on each has a file name of its own."""
    lines = "kept = [bytes(300000)]\nprint(len(kept))\n"
    trace = bench.check_transparent([bench.python, "-i", "-q"], stdin=lines.encode())
    rows = bench.lines_of(trace)
    found = [place for place, row in rows.items() if place[0].startswith("<") and row["allocated_bytes"] >= 300000]
    expect(found, f"what was typed is no line: {sorted(rows)[:30]}")


@scenario("launch-venv")
def venv(bench):
    made = bench.run([bench.python, "-m", "venv", "--without-pip", bench.path("env")])
    if made.status != 0:
        raise Skip(f"{bench.interpreter} makes no venv: {made.stdout!r} {made.stderr!r}")
    bench.write("app.py", PROGRAM)
    check(bench, [bench.path("env", "bin", "python"), bench.path("app.py")], "app.py")
    launcher = bench.write("launcher", f"#!{bench.path('env', 'bin', 'python')}\n" + PROGRAM)
    os.chmod(launcher, 0o755)
    check_again = bench.profile([launcher, "x"], trace="launcher.hpl")
    expect_equal("status of a script that is executed", check_again[0].status, 3)
    bench.check_lines(check_again[1], {("launcher", LINE + 1): SIZE})


@scenario("launch-shell")
def shell(bench):
    """The interpreter is started by a script of the shell, through env."""
    bench.write("app.py", PROGRAM)
    check(bench, ["/bin/sh", "-c", f"true; env UNUSED=1 '{bench.python}' '{bench.path('app.py')}' | cat; exit 3"], "app.py")


@scenario("launch-options")
def options(bench):
    """-X dev, -O, -B -S -E -s, isolated mode, byte code files."""
    app = bench.write("app.py", PROGRAM)
    for number, given in enumerate((["-X", "dev"], ["-O"], ["-B", "-S", "-E", "-s"], ["-I"], ["-u", "-W", "error"])):
        outcome, trace = bench.profile([bench.python, *given, app], trace=f"{number}.hpl")
        expect_equal(f"status with {given}", outcome.status, 3)
        bench.check_lines(trace, {("app.py", LINE): SIZE})
        check_state(bench, trace)


@scenario("launch-compiled")
def compiled(bench):
    """A program of which only the byte code is there."""
    bench.write("made.py", "import py_compile\npy_compile.compile('app.py', 'app.pyc', doraise=True)\n")
    bench.write("app.py", PROGRAM)
    expect_equal("compilation", bench.run([bench.python, "made.py"]).status, 0)
    os.rename(bench.path("app.py"), bench.path("gone.py"))
    check(bench, [bench.python, bench.path("app.pyc")], "app.py")


@scenario("launch-malloc")
def malloc(bench):
    """PYTHONMALLOC: blocks are no less exact, and counted once, when the interpreter hands out malloc's or adds to each."""
    app = bench.write("app.py", PROGRAM)
    for value in ("malloc", "debug", "malloc_debug", "pymalloc", "pymalloc_debug", "default"):
        env = bench.environment(PYTHONMALLOC=value)
        outcome, trace = bench.profile([bench.python, app], trace=value + ".hpl", env=env)
        expect_equal(f"status with PYTHONMALLOC={value}", outcome.status, 3)
        bench.check_lines(trace, {("app.py", LINE): SIZE})


@scenario("launch-tracemalloc")
def with_tracemalloc(bench):
    """The program uses tracemalloc itself: it sees what it would natively, and so does heapline."""
    app = bench.write("app.py", """\
import sys
import tracemalloc
kept = [bytes(300000)]                 # the line
statistics = tracemalloc.take_snapshot().statistics("lineno")
sizes = {s.traceback[0].lineno: s.size for s in statistics if s.traceback[0].filename == __file__}
print(sizes[3] // 1000)
tracemalloc.stop()
kept.append(bytes(100000))             # later
tracemalloc.start(3)
kept.append(bytes(200000))             # last
print(tracemalloc.get_traced_memory()[0] // 200000)
""")
    trace = bench.check_transparent([bench.python, "-X", "tracemalloc", app])
    bench.check_lines(trace, {("app.py", 3): 300000, ("app.py", 8): 100000, ("app.py", 10): 200000})


@scenario("launch-tracemalloc-arenas")
def tracemalloc_arenas(bench):
    """tracemalloc that comes later stands in front of what watches the allocator, and goes again."""
    app = bench.write("app.py", """\
import tracemalloc
for turn in range(3):
    tracemalloc.start()
    kept = [str(i) * 5 for i in range(200000)]
    tracemalloc.stop()
print(len(kept))
""")
    outcome, _ = bench.profile([bench.python, app], trace="arenas.hpl", options=("--python=arenas",))
    expect_equal("status and output", (outcome.status, outcome.stdout), (0, b"200000\n"))


@scenario("launch-modes")
def modes(bench):
    """--python=objects|arenas|off."""
    app = bench.write("app.py", """\
small = [str(i) * 3 for i in range(50000)]      # small
large = bytes(3000000)                          # large
""")
    found = {}
    for mode in ("objects", "arenas", "off"):
        outcome, trace = bench.profile([bench.python, app], trace=mode + ".hpl", options=(f"--python={mode}",))
        expect_equal(f"status with --python={mode}", (outcome.status, outcome.stdout), (0, b""))
        found[mode] = bench.dump(trace), bench.lines_of(trace, "--memory", "all")
    lines = found["objects"][1]
    expect(50000 <= lines["app.py", 1]["allocations"] < 300000, f"objects of line 1: {lines['app.py', 1]}")
    expect(lines["app.py", 2]["allocated_bytes"] >= 3000000, f"line 2: {lines['app.py', 2]}")
    dump, lines = found["arenas"]
    expect_equal("state", {p["state"] for p in dump.records["python"]}, {"arenas"})
    expect(lines["app.py", 2]["allocated_bytes"] >= 3000000, f"line 2 with arenas: {lines['app.py', 2]}")
    expect(lines["app.py", 1]["allocated_bytes"] >= 1000000,
           f"line 1 with arenas does not stand for the arenas that it caused: {lines['app.py', 1]}")
    expect(lines["app.py", 1]["allocations"] < 1000, f"arenas mode counts objects: {lines['app.py', 1]}")
    dump, lines = found["off"]
    expect(not [place for place in lines if place[0] == "app.py"], "--python=off shows Python lines")
    expect(not any(f["kind"] in ("python", "object") for f in dump.records["frame"]), "--python=off recorded Python")


@scenario("launch-embedded")
def embedded(bench):
    """A C program with libpython: its native frames stand outside of the Python frames, also when it starts the
    interpreter twice."""
    program = bench.interpreter.embedding("embed")
    app = bench.write("app.py", PROGRAM)
    env = bench.environment(PYTHONHOME=bench.interpreter.facts["base_prefix"])
    trace = check(bench, [program, app, "1"], "app.py", env=env)
    for block in bench.dump(trace).blocks():
        if block.bytes > 300000 and any(f.kind == "python" and f.function == "load" for f in block.stack):
            names = [f.function for f in block.stack if f.kind != "python"]
            expect("run_python" in names and "main" in names, f"the embedding program's frames are not there: {names}")
            first = next(i for i, f in enumerate(block.stack) if f.kind == "python")
            expect("run_python" in [f.function for f in block.stack[:first]], "run_python is not outside of the Python frames")
    outcome, trace = bench.profile([program, app, "2"], trace="twice.hpl", env=env)
    expect_equal("status when started twice", outcome.status, 3)
    bench.check_lines(trace, {("app.py", LINE): 2 * SIZE})


@scenario("launch-subinterpreters")
def subinterpreters(bench):
    folder = bench.interpreter.extension("stackprobe")
    text = "\n" * 40 + "kept = [bytes(500000)]"       # a line that no other text has
    app = bench.write("app.py", f"""\
import stackprobe
before = bytes(300000)
for _ in range(2):
    stackprobe.run_in_subinterpreter({text!r})
after = bytes(200000)
print("done")
""")
    trace = bench.check_transparent([bench.python, app], env=bench.environment(PYTHONPATH=folder))
    bench.check_lines(trace, {("app.py", 2): 300000, ("app.py", 5): 200000, ("<string>", 41): 1000000})


@scenario("launch-interpreters-with-own-lock")
def own_lock(bench):
    """Interpreters that do not share the lock, each in a thread of its own."""
    if not bench.interpreter.at_least(3, 12):
        raise Skip(f"{bench.interpreter} has one lock for all interpreters")
    text = "\n" * 40 + "kept = []\nfor i in range(200):\n    kept.append(bytes(5000))\n"
    app = bench.write("app.py", f"""\
import threading
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
def run():
    number = interpreters.create()
    interpreters.run_string(number, {text!r})
    interpreters.destroy(number)
threads = [threading.Thread(target=run) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("done")
""")
    trace = bench.check_transparent([bench.python, app])
    rows = [row for (file, line), row in bench.lines_of(trace).items()
            if line == 43 and file.startswith("<") and row["allocated_bytes"] > 100000]
    expect_equal("rows of the line", len(rows), 1)
    expect(4 * 200 * 5000 <= rows[0]["allocated_bytes"] < 4 * 200 * 5100, f"the line of all interpreters: {rows[0]}")
    # From 3.14 on an interpreter that ends gives back three blocks in which its allocator keeps its books, and which it took in the middle of other
    # allocations: those are recorded, what the allocator takes for itself is not.
    books = 3 * 4 if bench.interpreter.at_least(3, 14) else 0
    expect(bench.report(trace)["losses"]["unmatched_frees"] <= books, "losses")


@scenario("launch-descriptors")
def descriptors(bench):
    """Files get the numbers that they would get natively, before and after threads, forks and subprocesses."""
    app = bench.write("app.py", """\
import os, subprocess, tempfile, threading
print(sorted(int(n) for n in os.listdir("/proc/self/fd")))
files = [open("/dev/null") for _ in range(5)]
print([f.fileno() for f in files])
thread = threading.Thread(target=lambda: print(os.open("/dev/null", os.O_RDONLY)))
thread.start()
thread.join()
print(subprocess.check_output(["/bin/sh", "-c", "ls /proc/self/fd | wc -l"]))
print(os.pipe())
if os.fork() == 0:
    print(os.open("/dev/null", os.O_RDONLY), flush=True)
    os._exit(0)
os.wait()
print(sorted(int(n) for n in os.listdir("/proc/self/fd")))
""")
    bench.check_transparent([bench.python, app])


@scenario("launch-environment")
def environment(bench):
    """Names, paths and counters that a program can look at are what they would be natively."""
    app = bench.write("app.py", """\
import gc, os, sys
print(sys.executable, sys.argv, sys.flags, sys.path, sys.getrecursionlimit(), sys.getswitchinterval())
print(gc.get_threshold(), gc.get_count()[1:], gc.isenabled(), len(gc.get_objects()) // 1000)
print(sorted(sys.modules))
print(sys.gettrace(), sys.getprofile(), sys.stdout.encoding)
print(sorted(k for k in os.environ if k not in ("LD_PRELOAD", "HEAPLINE_SOCKET", "_")))
print(sys.getsizeof([]), sys.getsizeof({}), sys.getallocatedblocks() // 10000)
""")
    bench.check_transparent([bench.python, app, "x"])
