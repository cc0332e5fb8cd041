"""heapline's live bytes and blocks per line equal tracemalloc's, block size by block size.

A script of differential/ runs twice under the same driver: with tracemalloc (one frame), which tells file, line and size of every block that
it knows at the end; and under heapline, where the process leaves at the same place by _exit, so that the same blocks are live. The runs are apart,
because tracemalloc's own tables are Python memory as well, which heapline would rightly show. Hashing is fixed, no byte code is written.

Compared are all files but those that were loaded before the script began: tracemalloc starts in the middle of the interpreter's start, and does not know
what was allocated before. Of the others every block must be there on both sides, under the same line. One difference remains, and it is checked:

- Free lists. Memory of some types is kept for the next object of the type. Nothing is allocated when that takes it, but tracemalloc then moves the
  block to the line that makes the new object (since 3.8), while heapline leaves it with the line that allocated it, where its `allocations` stand. Such moves
  change the line of a block, not its size, and only of sizes that objects of these types have: see FREE_LISTS. Each must be found on the other side.
"""
import collections
import os

from harness import expect, expect_equal, Skip
from traces import innermost, is_object
import bench

SCENARIOS, scenario = bench.register("lines")
FOLDER = os.path.join(bench.HERE, "differential")


def run_tracemalloc(bench, script):
    """Counter of (file, line, size), and the files that were loaded before the script."""
    out = bench.path("tracemalloc")
    command = [bench.python, "-B", "-X", "tracemalloc=1", os.path.join(FOLDER, "driver.py"), script, out, *moves(bench)]
    outcome = bench.run(command, env=environment(bench))
    expect_equal("status with tracemalloc", (outcome.status, outcome.stderr), (0, b""))
    blocks, start = collections.Counter(), set()
    with open(out, encoding="utf-8", errors="surrogateescape") as file:
        for row in file:
            kind, *values = row.rstrip("\n").split("\t")
            if kind == "exact":
                exact = values[0] == "True"
            elif kind == "start":
                start.add(values[0])
            else:
                blocks[values[2], int(values[1]), int(values[0])] += 1
    return blocks, start, exact


def run_heapline(bench, script):
    """Counter of (file, line, size), and the trace."""
    command = [bench.python, "-B", os.path.join(FOLDER, "driver.py"), script, bench.path("none"), *moves(bench)]
    outcome, trace = bench.profile(command, env=environment(bench))
    expect_equal("status under heapline", outcome.status, 0)
    dump = bench.dump(trace)
    blocks = collections.Counter()
    for block in dump.blocks():
        place = innermost(block.stack)
        if place and is_object(block.stack):
            blocks[place[0], place[1], block.bytes] += 1
    return blocks, dump


def moves(bench):
    """Where tracemalloc moves the blocks of free lists, as the driver wants it."""
    found = None if bench.interpreter.at_least(3, 13) else bench.interpreter.symbol("_PyTraceMalloc_NewReference")
    return (found[0], hex(found[1])) if found else ("-", "0")


def environment(bench):
    return bench.environment(PYTHONHASHSEED="0")


def add_script(name):
    @scenario("lines-" + name.replace("_", "-"))
    def check(bench):
        script = os.path.join(FOLDER, name + ".py")
        expected, start, exact = run_tracemalloc(bench, script)
        came, _ = run_heapline(bench, script)
        compare(bench, script, came, expected, start)


def compare(bench, script, came, expected, start):
    start = start | {os.path.join(FOLDER, "driver.py")}

    def compared(counter):
        return {key: n for key, n in counter.items() if key[0] not in start and not key[0].startswith("<frozen ") and key[0] != "<unknown>"}
    came, expected = compared(came), compared(expected)
    expect(sum(n for key, n in expected.items() if key[0] == script) > 50, "the script left no memory to compare")
    lines = {}
    for key in came.keys() | expected.keys():
        difference = came.get(key, 0) - expected.get(key, 0)
        if difference:
            lines.setdefault(key[:2], {})[key[2]] = difference
    for (file, line), sizes in sorted(lines.items()):
        print("   ", os.path.basename(file), line, dict(sorted(sizes.items())))
    expect(not lines, f"{len(lines)} lines differ")


for file in sorted(os.listdir(FOLDER)):
    if file.endswith(".py") and file != "driver.py":
        add_script(file[:-3])
