"""heapline's live bytes and blocks per line equal tracemalloc's, block size by block size.

A script of differential/ runs twice under the same driver: with tracemalloc (one frame), which tells file, line and
size of every block that it knows at the end; and under heapline, where the process leaves at the same place by _exit,
so that the same blocks are live. The runs are apart, because tracemalloc's own tables are Python memory as well,
which heapline would rightly show. Hashing is fixed, no byte code is written.

Every block must be there on both sides, under the same line of the same file, standard library included. What may
differ:

- The driver, which does not end in the same way on both sides, is left out.
- tracemalloc begins in the middle of the interpreter's start, and moves blocks (below) until the driver runs. So what
  differs already with a script that does nothing may differ as much with any other, or less, where the script
  released such blocks; at another line of the file, if it was moved there.
- tracemalloc keeps the strings of the names of the files that it has seen, which the import would have dropped.
- The set of the threads that live (threading._dangling) is hashed by addresses: whether it has grown to its first table depends on them.
- A type knows its subclasses by their addresses, which are ints: of one digit (28 bytes) or two (32 bytes), as addresses fall. Both count as 32.

tracemalloc is told to leave blocks where they were allocated when an object is made of the memory of another (free
lists), see driver.py. Where it cannot be told, because the interpreter's symbols are stripped, blocks may stand under
another line of the same run if they have a size that objects of such types have; then the sums by size are compared,
and the lines of all other sizes.
"""
import collections
import functools
import os

from harness import expect, expect_equal
from traces import innermost, is_object
import bench

SCENARIOS, scenario = bench.register("lines")
FOLDER = os.path.join(bench.HERE, "differential")
FREE_LIST_MAX = 1000          # bytes of the largest objects with free lists: frames
FRAME_MIN = 250               # up to 3.10 frames are such objects, and the start leaves some behind
DRIVER = os.path.join(FOLDER, "driver.py")


def run_tracemalloc(bench, script):
    """Counter of (file, line, size); sizes of the file names; and whether no block was moved to another line."""
    blocks, names, exact = collections.Counter(), collections.Counter(), None
    outcome = bench.run(command(bench, script, 1), env=environment(bench))
    expect_equal("status with tracemalloc", (outcome.status, outcome.stderr), (0, b""))
    with open(bench.path("out"), encoding="utf-8", errors="surrogateescape") as file:
        for row in file:
            kind, *values = row.rstrip("\n").split("\t")
            if kind == "exact":
                exact = values[0] == "True"
            elif kind == "name":
                names[int(values[0])] += 1
            elif values[2] != "<unknown>":
                blocks[values[2], int(values[1]), counted_size(int(values[0]))] += 1
    return blocks, names, exact


def run_heapline(bench, script):
    """Counter of (file, line, size)."""
    outcome, trace = bench.profile(command(bench, script, 0), env=environment(bench))
    expect_equal("status under heapline", outcome.status, 0)
    blocks = collections.Counter()
    for block in bench.dump(trace).blocks():
        place = innermost(block.stack)
        if place and is_object(block.stack):
            blocks[place[0], place[1], counted_size(block.bytes)] += 1
    return blocks


def counted_size(size):
    return 32 if size == 28 else size


def command(bench, script, frames):
    """tracemalloc with 0 frames is off. The second option makes both interpreters parse the same characters, which some
    versions keep as strings."""
    found = None if bench.interpreter.at_least(3, 13) else bench.interpreter.symbol("_PyTraceMalloc_NewReference")
    moves = (found[0], hex(found[1])) if found else ("-", "0")
    return [bench.python, "-B", "-X", f"tracemalloc={frames}", "-X", f"heapline={1 - frames}", DRIVER, script,
            bench.path("out"), *moves]


def environment(bench):
    return bench.environment(PYTHONHASHSEED="0")


def differences(bench, script):
    """(file, line, size) -> blocks that heapline has more than tracemalloc; how many blocks of the script tracemalloc
    has; is it exact?"""
    expected, names, exact = run_tracemalloc(bench, script)
    came = run_heapline(bench, script)
    differ = {key: came[key] - expected[key] for key in came.keys() | expected.keys() if came[key] != expected[key]}
    for key in [key for key in differ if key[0].startswith("<frozen importlib") and 0 < -differ[key] <= names[key[2]]]:
        del differ[key]
    return differ, sum(n for key, n in expected.items() if key[0] == script), exact


def compare(bench, script):
    start, _, _ = measured_start(bench)
    differ, n, exact = differences(bench, script)
    expect(n > 50, f"the script left no memory to compare: {n} blocks")
    unexplained = {key: blocks for key, blocks in differ.items()
                   if key[0] != DRIVER and not is_between(blocks, start.get(key, 0))}
    unexplained = {key: blocks for key, blocks in unexplained.items() if not is_moved_at_start(key, differ, start)}
    unexplained = {key: blocks for key, blocks in unexplained.items() if not is_set_of_threads(key, blocks)}
    if not exact or not bench.interpreter.at_least(3, 11):
        smallest = FRAME_MIN if exact else 0
        unexplained = {key: blocks for key, blocks in unexplained.items()
                       if key[2] < smallest or not is_moved(key[2], differ, start)}
    expect(not unexplained, f"{len(unexplained)} lines differ, (file, line, size) and blocks more than tracemalloc has: "
                            f"{sorted(unexplained.items())[:20]}")


def is_moved(size, differ, start):
    """Objects of types with free lists have this size, and over all lines the blocks are as many as they should be."""
    def all_lines(counts):
        return sum(blocks for key, blocks in counts.items() if key[2] == size)
    return size <= FREE_LIST_MAX and abs(all_lines(differ) - all_lines(start)) <= 1     # one that start-up left there


def is_set_of_threads(key, blocks):
    """Its first table, of 16 entries of 16 bytes."""
    file, _, size = key
    return os.path.basename(file) == "_weakrefset.py" and abs(blocks) == 1 and size == 256


def is_between(blocks, limit):
    """It is as much as the limit, or less, or nothing."""
    return min(0, limit) <= blocks <= max(0, limit)


def is_moved_at_start(key, differ, start):
    """Blocks of this size were moved within the file before tracemalloc was told to leave that, and their sum is right."""
    def of_file(counts):
        return [blocks for (file, _, size), blocks in counts.items() if file == key[0] and size == key[2]]
    return bool(of_file(start)) and is_between(sum(of_file(differ)), sum(of_file(start)))


@functools.lru_cache(maxsize=None)
def measured_start(bench):
    return differences(bench, os.path.join(FOLDER, "nothing.py"))


def add_script(name):
    @scenario("lines-" + name.replace("_", "-"))
    def check(bench):
        compare(bench, os.path.join(FOLDER, name + ".py"))


for file in sorted(os.listdir(FOLDER)):
    if file.endswith(".py") and file not in ("driver.py", "nothing.py"):
        add_script(file[:-3])
