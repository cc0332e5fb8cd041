"""How Python ends, and what is hard on the way: deep stacks, crashes, shutdown, threads that outlive main, memory errors."""
import os

from harness import expect, expect_equal
from traces import python_frames
import bench
from bench import line_of

SCENARIOS, scenario = bench.register("life")


def check_line(bench, trace, text, marker, size, slack=3000):
    rows = bench.lines_of(trace)
    line = line_of(text, marker)
    expect(("app.py", line) in rows, f"app.py:{line} is not among the lines: {sorted(rows)[:40]}")
    came = rows["app.py", line]["allocated_bytes"]
    expect(size <= came < size + slack, f"app.py:{line}: expected {size} bytes and a little, came {came}")


def check_whole(bench, trace):
    report = bench.report(trace)
    expect(report["trace"]["complete"], "the file is not complete")
    for kind in ("events", "damaged_records", "truncated_stacks"):
        expect_equal(kind, report["losses"][kind], 0)


def add_end(name, statement, status):
    @scenario("life-" + name)
    def check(bench):
        text = f"""\
import os, signal, sys, threading
kept = [None] * 1000
for i in range(1000):
    kept[i] = bytes(1000)              # kept
sys.stdout.flush()
{statement}
"""
        env = bench.environment(PYTHONPATH=bench.interpreter.extension("stackprobe")) if "stackprobe" in statement else None
        outcome, trace = bench.profile([bench.python, bench.write("app.py", text)], env=env)
        expect_equal("status", outcome.status, status)
        check_line(bench, trace, text, "# kept", 1000 * 1000, 1000 * 60)
        check_whole(bench, trace)
        if status == 0 and "_exit" not in statement:
            return
        live = sum(b.bytes for b in bench.dump(trace).blocks() if b.bytes >= 1000 and python_frames(b.stack)[-1:]
                   and python_frames(b.stack)[-1].line == 4 and b.bytes < 1100)
        if "raise" not in statement and "sys.exit" not in statement:
            expect(1000 * 1000 <= live, f"live bytes of the line when the process ended: {live}")


add_end("end", "pass", 0)
add_end("sys-exit", "sys.exit(4)", 4)
add_end("exception", "raise ValueError('not caught')", 1)
add_end("os-exit", "os._exit(5)", 5)
add_end("abort", "os.abort()", 134)
add_end("killed", "os.kill(os.getpid(), signal.SIGKILL)", 137)
add_end("interrupted", "signal.signal(signal.SIGINT, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGINT)", 130)
add_end("crash", "import stackprobe; stackprobe.crash()", 139)
add_end("crash-in-thread", "import stackprobe; t = threading.Thread(target=stackprobe.crash); t.start(); t.join()", 139)
add_end("exit-in-thread", "t = threading.Thread(target=os._exit, args=(6,)); t.start(); t.join()", 6)


@scenario("life-shutdown")
def shutdown(bench):
    """atexit, finalizers of module globals, daemon threads that are cut off, weakref callbacks, frees after the
    interpreter is gone."""
    text = """\
import atexit, threading, time, weakref
class Last:
    def __del__(self):
        made.append(bytes(50000))      # finalizer
made = []
last = Last()
cycle = [last]
cycle.append(cycle)
def at_end():
    made.append(bytes(70000))          # atexit
atexit.register(at_end)
forever = threading.Event()
def daemon():
    kept = bytes(90000)                # daemon
    started.set()
    forever.wait()
started = threading.Event()
threading.Thread(target=daemon, daemon=True).start()
started.wait()
del last, cycle
print("end of main")
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_line(bench, trace, text, "# finalizer", 50000)
    check_line(bench, trace, text, "# atexit", 70000)
    check_line(bench, trace, text, "# daemon", 90000)
    check_whole(bench, trace)


@scenario("life-threads-outlive-main")
def threads_outlive(bench):
    text = """\
import threading
go = threading.Event()
def work():
    go.wait()
    kept.append([bytes(1000) for _ in range(100)])       # late
kept = []
for _ in range(3):
    threading.Thread(target=work).start()
go.set()
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_line(bench, trace, text, "# late", 300 * 1000, 300 * 100)


@scenario("life-many-threads")
def many_threads(bench):
    text = """\
import threading
def work(n):
    local.append(bytes(2000))          # line
local = []
for i in range(300):
    thread = threading.Thread(target=work, args=(i,))
    thread.start()
    thread.join()
at_once = [threading.Thread(target=work, args=(i,)) for i in range(40)]
for thread in at_once: thread.start()
for thread in at_once: thread.join()
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_line(bench, trace, text, "# line", 340 * 2000, 340 * 120)
    check_whole(bench, trace)


@scenario("life-deep-recursion")
def deep_recursion(bench):
    """10,000 Python frames: every one is in the stack. Below 3.11 each has C frames of its own: then the stack is cut, and says so."""
    text = """\
import os, sys, threading
sys.setrecursionlimit(20000)
def down(n):
    if n:
        return down(n - 1)             # call
    return bytes(300000)               # bottom
def run():
    kept.append(down(10000))
kept = []
threading.stack_size(512 * 1024 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
os._exit(0)
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_line(bench, trace, text, "# bottom", 300000)
    blocks = [b for b in bench.dump(trace).blocks() if 300000 <= b.bytes < 300100]
    expect_equal("blocks", len(blocks), 1)
    frames = [f.function for f in python_frames(blocks[0].stack)]
    if bench.interpreter.at_least(3, 11):
        expect_equal("frames of down()", frames.count("down"), 10001)
        check_whole(bench, trace)
    else:                              # more than 30,000 frames of both kinds: at least 8,000 are left of a stack that was too deep
        expect(blocks[0].stack[0].kind == "truncated" and len(blocks[0].stack) > 8000, "the stack is short but not said to be cut")
        expect(frames.count("down") > 2000, f"frames of down(): {frames.count('down')}")


@scenario("life-recursion-error")
def recursion_error(bench):
    text = """\
def down(n):
    return [down(n + 1)]
for _ in range(5):
    try:
        down(0)
    except RecursionError as error:
        print(str(error)[:30])
kept = bytes(100000)                   # after
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_line(bench, trace, text, "# after", 100000)
    check_whole(bench, trace)


@scenario("life-memory-error")
def memory_error(bench):
    text = """\
import resource
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
for size in (1 << 62, 4 << 30):
    try:
        bytes(size)
    except (MemoryError, OverflowError) as error:
        print(type(error).__name__)
grown = bytearray(100000)              # grown
try:
    grown.extend(bytes(1) * (4 << 30))
except MemoryError:
    print(len(grown))
kept = bytes(200000)                   # after
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_line(bench, trace, text, "# grown", 100000)
    check_line(bench, trace, text, "# after", 200000)


@scenario("life-hooks")
def hooks(bench):
    """sys.setprofile and sys.settrace see the calls that they would see natively; a debugger's line jumps do not disturb."""
    text = """\
import sys, threading
calls = []
def profile(frame, event, arg):
    calls.append((event, frame.f_code.co_name, frame.f_lineno))
def trace(frame, event, arg):
    calls.append((event, frame.f_code.co_name, frame.f_lineno))
    return trace
def work(n):
    return [bytes(n) for _ in range(3)]                  # work
sys.setprofile(profile)
work(100000)
sys.setprofile(None)
threading.settrace(trace)
sys.settrace(trace)
work(100001)
thread = threading.Thread(target=work, args=(100002,))
thread.start()
thread.join()
sys.settrace(None)
print([c for c in calls if c[1] != "_bootstrap_inner"])
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_line(bench, trace, text, "# work", 900009, 5000)


@scenario("life-cyclic-collector")
def cyclic_collector(bench):
    """What only the cyclic collector could free is counted for the line that made it, and collections happen as often as
    natively."""
    text = """\
import gc
class Node:
    pass
def cycle():
    node = Node()
    node.me = node
    node.data = bytes(1000)            # data
for _ in range(5000):
    cycle()
gc.collect()
print([s["collections"] for s in gc.get_stats()], [s["collected"] for s in gc.get_stats()])
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    line = line_of(text, "# data")
    sums = {"collected": 0, "collected_bytes": 0, "frees": 0}
    for stack, totals in bench.dump(trace).site_stacks():
        frames = python_frames(stack)
        if frames and frames[-1].line == line and os.path.basename(frames[-1].file) == "app.py":
            for key in sums:
                sums[key] += totals[key]
    expect(5000 * 1000 <= sums["collected_bytes"] < 5000 * 1300 and sums["collected"] >= 5000,
           f"collected on line {line}: {sums}")


@scenario("life-growing-containers")
def growing(bench):
    """Bytes that were moved while a list and a bytearray grew."""
    text = """\
grown = []
buffer = bytearray()
kept = []
for i in range(200000):
    grown.append(None)                 # list
    buffer.append(1)                   # bytearray
    if i % 1000 == 0: kept.append(bytes(5000))
"""
    _, trace = bench.profile([bench.python, bench.write("app.py", text)])
    moved = {}
    for stack, totals in bench.dump(trace).site_stacks():
        frames = python_frames(stack)
        if frames and os.path.basename(frames[-1].file) == "app.py":
            moved[frames[-1].line] = moved.get(frames[-1].line, 0) + totals["moved_bytes"]
    expect(moved.get(line_of(text, "# list"), 0) > 100000 and moved.get(line_of(text, "# bytearray"), 0) > 10000,
           f"bytes moved by line: {moved}")
    expect_equal("bytes moved by the line that makes new objects", moved.get(line_of(text, "if i % 1000"), 0) < 10000, True)
