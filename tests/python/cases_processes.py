"""Every process that Python starts stands in the one trace, with its lines, and the parent's work is not counted twice."""
from harness import expect, expect_equal
import bench
from bench import line_of

SCENARIOS, scenario = bench.register("processes")


def row_of(rows, file, line):
    expect((file, line) in rows, f"{file}:{line} is not among the lines: {sorted(rows)[:40]}")
    return rows[file, line]


def check_bytes(rows, file, line, size, slack=3000):
    came = row_of(rows, file, line)["allocated_bytes"]
    expect(size <= came < size + slack, f"{file}:{line}: expected {size} bytes and a little, came {came}")


def check_losses(bench, trace, threads_at_fork=False):
    """What another thread of the parent frees right after the fork may count as freed before it: then the child's own
    release of its copy has no partner."""
    losses = bench.report(trace)["losses"]
    for kind in ("events", "damaged_records", "truncated_stacks") + (() if threads_at_fork else ("unmatched_frees",)):
        expect_equal(kind, losses[kind], 0)


@scenario("processes-fork")
def fork(bench):
    """A child goes on with its parent's code: names of functions from before the fork, and of new ones in each of them."""
    text = """\
import os
def before(n):
    return bytes(n)                    # before
def child(n):
    return [bytes(n), before(n)]       # child
kept = before(200000)
pids = []
for i in range(4):
    pid = os.fork()
    if pid == 0:
        exec("def made(n):\\n\\n\\n\\n\\n\\n    return bytes(n)\\n", globals())
        mine = child(100000), made(50000)
        del kept
        os._exit(10 + i)
    pids.append(pid)
exec("def other(n):\\n\\n\\n\\n\\n\\n\\n    return bytes(n)\\n", globals())
mine = other(60000)
print([os.waitpid(p, 0)[1] >> 8 for p in pids])
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    rows = bench.lines_of(trace)
    check_bytes(rows, "app.py", line_of(text, "# before"), 600000)
    check_bytes(rows, "app.py", line_of(text, "# child"), 400000)
    check_bytes(rows, "<string>", 7, 200000)
    check_bytes(rows, "<string>", 8, 60000)
    processes = bench.report(trace)["processes"]
    expect_equal("processes", len(processes), 5)
    expect_equal("ends", sorted(p["exit"]["value"] for p in processes), [0, 10, 11, 12, 13])
    dump = bench.dump(trace)
    names = {f.function for stack, _ in dump.site_stacks() for f in stack if f.kind == "python" and f.file == "<string>"}
    expect({"made", "other"} <= names, f"functions of both sides: {sorted(map(str, names))[:30]}")
    for stack, totals in dump.site_stacks():
        lines = {(f.function, f.line) for f in stack if f.kind == "python" and f.file == "<string>"}
        expect(not lines & {("made", 8), ("other", 7)}, f"the functions of two processes are mixed up: {lines}")
    check_losses(bench, trace)


@scenario("processes-fork-in-threads")
def fork_in_threads(bench):
    text = """\
import os, threading
stop = threading.Event()
def busy():
    while not stop.is_set():
        [str(i) for i in range(200)]
def forks(n):
    for i in range(5):
        pid = os.fork()
        if pid == 0:
            kept = [bytes(1000) for _ in range(100)]     # child
            os._exit(0)
        os.waitpid(pid, 0)
busies = [threading.Thread(target=busy) for _ in range(2)]
forkers = [threading.Thread(target=forks, args=(n,)) for n in range(3)]
for thread in busies + forkers: thread.start()
for thread in forkers: thread.join()
stop.set()
for thread in busies: thread.join()
print("done")
"""
    trace = bench.check_transparent([bench.python, "-W", "ignore", bench.write("app.py", text)])
    check_bytes(bench.lines_of(trace), "app.py", line_of(text, "# child"), 15 * 100 * 1000, 15 * 100 * 100)
    expect_equal("processes", len(bench.report(trace)["processes"]), 16)
    check_losses(bench, trace, threads_at_fork=True)


@scenario("processes-subprocess")
def subprocess(bench):
    text = """\
import subprocess, sys
print(subprocess.check_output([sys.executable, "-c", "kept = bytes(300000); print(len(kept))"]))
print(subprocess.run([sys.executable, "-c", "import os; kept = bytes(200000); os._exit(7)"]).returncode)
print(subprocess.run("exit 5", shell=True).returncode)
kept = bytes(100000)
pipe = subprocess.Popen([sys.executable, "-"], stdin=subprocess.PIPE)
pipe.communicate(b"kept = bytes(50000)")
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    rows = bench.lines_of(trace)
    check_bytes(rows, "app.py", 5, 100000)
    check_bytes(rows, "<stdin>", 1, 50000)
    expect(row_of(rows, "<string>", 1)["allocated_bytes"] >= 500000, "both commands' line")
    commands = [p["command"] for p in bench.report(trace)["processes"]]
    expect(any("bytes(300000)" in c for c in commands) and any("os._exit(7)" in c for c in commands),
           f"processes are not named by their commands: {commands}")
    check_losses(bench, trace)


def add_multiprocessing(method):
    @scenario("processes-multiprocessing-" + method)
    def check(bench):
        text = f"""\
import multiprocessing, os
def work(n):
    kept = [bytes(n * 1000) for _ in range(100)]         # work
    return len(kept)
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    processes = [context.Process(target=work, args=(n,)) for n in (1, 2, 3)]
    for process in processes: process.start()
    for process in processes: process.join()
    print([p.exitcode for p in processes])
    with context.Pool(2) as pool:
        print(pool.map(work, [1, 2, 3, 4]))
        pool.close()
        pool.join()
    print("done")
"""
        trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
        check_bytes(bench.lines_of(trace), "app.py", line_of(text, "# work"), (6 + 10) * 100 * 1000, 7 * 100 * 200)
        ends = [p["exit"] for p in bench.report(trace)["processes"]]
        expect(len(ends) >= 6, f"processes: {len(ends)}")
        expect(all(e["kind"] in ("code", "exec") and not e["value"] for e in ends), f"ends: {ends}")
        check_losses(bench, trace, threads_at_fork=method == "fork")


for method in ("fork", "spawn", "forkserver"):
    add_multiprocessing(method)


@scenario("processes-futures")
def futures(bench):
    text = """\
import concurrent.futures
def work(n):
    return len([bytes(1000) for _ in range(100 * n)])    # work
if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print(list(pool.map(work, range(1, 5))))
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        print(list(pool.map(work, range(1, 5))))
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_bytes(bench.lines_of(trace), "app.py", line_of(text, "# work"), 2 * 1000 * 1000, 2 * 1000 * 120)
    check_losses(bench, trace, threads_at_fork=True)


@scenario("processes-asyncio")
def asyncio(bench):
    text = """\
import asyncio, sys
async def work(n):
    kept = []
    for i in range(10):
        await asyncio.sleep(0)
        kept.append(bytes(n * 1000))                     # work
    return len(kept)
async def main():
    print(await asyncio.gather(*(work(n) for n in range(1, 6))))
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "kept = bytes(70000)")
    print(await process.wait())
asyncio.run(main())
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_bytes(bench.lines_of(trace), "app.py", line_of(text, "# work"), 15 * 10 * 1000, 8000)
    expect_equal("processes", len({p["pid"] for p in bench.report(trace)["processes"]}), 2)
    check_losses(bench, trace)


@scenario("processes-exec")
def execs(bench):
    """The process becomes another program, and then Python again."""
    text = """\
import os, sys
kept = bytes(100000)
if len(sys.argv) == 1:
    os.execv("/bin/sh", ["sh", "-c", 'exec "$0" "$1" again', sys.executable, __file__])
print("again")
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    check_bytes(bench.lines_of(trace), "app.py", 2, 200000)
    expect_equal("pids", len({p["pid"] for p in bench.report(trace)["processes"]}), 1)


@scenario("processes-prefork-server")
def prefork(bench):
    """As gunicorn does: workers are forked, one dies and is replaced, signals end them."""
    text = """\
import os, signal
kept = [bytes(1000) for _ in range(300)]                 # master
def worker(crashes):
    mine = [bytes(2000) for _ in range(100)]             # worker
    os.write(ready[1], b".")
    if crashes:
        os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()
def start(crashes):
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        worker(crashes)
    return pid
ready = os.pipe()
pids = [start(False), start(False), start(True)]
os.read(ready[0], 1), os.read(ready[0], 1), os.read(ready[0], 1)
print(os.waitpid(pids.pop(), 0)[1])
pids.append(start(False))
os.read(ready[0], 1)
for pid in pids:
    os.kill(pid, signal.SIGTERM)
    print(os.waitpid(pid, 0)[1])
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    rows = bench.lines_of(trace)
    check_bytes(rows, "app.py", line_of(text, "# worker"), 4 * 100 * 2000, 4 * 100 * 120)
    check_bytes(rows, "app.py", line_of(text, "# master"), 300 * 1000, 300 * 100)
    ends = sorted((p["exit"]["kind"], p["exit"]["value"]) for p in bench.report(trace)["processes"])
    expect_equal("ends", ends, [("code", 0)] * 4 + [("signal", 9)])
    check_losses(bench, trace)


@scenario("processes-without-python")
def without_python(bench):
    """Beside Python there are processes without it."""
    trace = bench.check_transparent(["/bin/sh", "-c", f"ls / >/dev/null; '{bench.python}' -c 'kept = bytes(100000)'; exit 0"])
    dump = bench.dump(trace)
    expect_equal("interpreters", len(dump.records["python"]), 1)
    expect(len(dump.records["process"]) >= 2, "the shell is not there")
