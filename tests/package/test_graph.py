"""heapline.graph in a program under `heapline run`: objgraph's calls, answered from snapshots."""
import os
import subprocess
import tempfile
import unittest

import harness

OUTSIDE = """
import heapline.graph
try:
    heapline.graph.growth()
except heapline.graph.GraphError as error:
    assert "heapline run" in str(error), error
else:
    raise AssertionError("nothing was said")
"""

COUNTS = """
import gc, sys
import heapline.graph as graph

class Order:
    def __init__(self, number): self.number = number

orders = [Order(i) for i in range(123)]
assert graph.count("Order") == 123, graph.count("Order")
assert graph.count("NoSuchType") == 0
graph.growth(limit=None)
first = orders[:]
before = [sys.getrefcount(order) for order in first]
orders += [Order(i) for i in range(77)]
rows = {row[0]: row for row in graph.growth(limit=None)}
assert rows["Order"] == ("Order", 200, 77), rows["Order"]
assert sum(row[2] for name, row in rows.items() if name not in ("Order", "dict", "int")) < 300, rows
assert rows["Order"].more_bytes >= 77 * 32, rows["Order"].more_bytes
assert "Order" not in [row[0] for row in graph.growth(limit=None)]
assert [sys.getrefcount(order) for order in first] == before
common = dict(graph.most_common_types(limit=None))
assert common["Order"] == 200 and common["function"] > 500, common
assert len(graph.most_common_types(3)) == 3
records = graph.by_type("Order")
assert sorted(record.address for record in records) == sorted(map(id, orders))
assert all(record.type == "Order" and record.bytes > 0 for record in records)
assert {record.line.rpartition("/")[2] for record in records} == {FILE + ":8", FILE + ":14"}, {record.line for record in records}
assert records[0].object() in orders
del orders[:], first[:]
assert graph.count("Order") == 0
"""

WAYS = """
import heapline.graph as graph

class Order: pass
class Shelf:
    def __init__(self): self.history = []

class Never: pass

shelf = Shelf()
shelf.history = [None, None, Order()]
found = graph.find_chain(shelf.history[2])
assert found.endswith("shelf.history[2]"), found
picture = graph.show_chain(shelf.history[2])
assert "shelf" in str(picture) and ".history" in str(picture), str(picture)
assert repr(picture) == str(picture)
assert str(picture).startswith("The shortest way from a root"), str(picture)
assert "digraph" in picture.dot() and "Order" in picture.dot()
back = str(graph.show_backrefs([shelf.history[2], shelf], max_depth=2))
assert "list" in back and "Shelf" in back, back
import sys
if sys.version_info >= (3, 11):                # before, a call's arguments stay on the caller's stack
    assert "show_backrefs" not in back and "heapline/graph.py" not in back, back
assert "history" in str(graph.show_refs("type:Shelf"))
now = graph.take("by hand")
assert now.count("Order") == 1 and now.find_chain("type:Order").endswith("shelf.history[2]")
graph.show_refs(shelf, filename=FOLDER + "/refs.dot")
assert open(FOLDER + "/refs.dot").read().startswith("digraph")
graph.show_refs(shelf, filename=FOLDER + "/refs.json")
graph.show_refs(shelf, filename=FOLDER + "/refs.html")
assert "<html" in open(FOLDER + "/refs.html").read()
try:
    graph.show_refs(shelf, filename=FOLDER + "/refs.xyz")
except graph.GraphError as error:
    assert ".svg" in str(error)
else:
    raise AssertionError("refs.xyz was drawn")
try:
    graph.find_chain("size:huge")
except graph.GraphError as error:
    assert "huge" in str(error), error
else:
    raise AssertionError("size:huge was found")
assert graph.by_type("Never") == [] and graph.find_chain("type:Shelf size:1") is None
html = picture._repr_html_()
import shutil
if shutil.which("dot"):
    assert html.startswith("<svg") and picture._repr_svg_().lstrip().startswith("<"), html[:100]
    graph.show_refs(shelf, filename=FOLDER + "/refs.svg")
    assert "<svg" in open(FOLDER + "/refs.svg").read()
else:
    assert html.startswith("<pre>") and picture._repr_svg_() is None
"""

THREADS = """
import threading
import heapline.graph as graph

ticks, stop = [0], threading.Event()
def tick():
    while not stop.is_set():
        ticks[0] += 1
thread = threading.Thread(target=tick)
thread.start()
before = ticks[0]
assert graph.count("Event") >= 1
after = ticks[0]
stop.set()
thread.join()
assert after > before + 1000, (before, after)
"""


class GraphCalls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def recorded(self, script):
        """Under the command to test; the script must end well."""
        if "HEAPLINE" not in os.environ:
            self.skipTest("HEAPLINE, the command to test, is not set: run by meson")
        program = os.path.join(self.folder, "app.py")
        with open(program, "w", encoding="utf-8") as file:
            file.write(script.replace("FILE", repr("app.py")).replace("FOLDER", repr(self.folder)))
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                command = [os.environ["HEAPLINE"], "run", "--quiet", "-o", os.path.join(self.folder, "a.hpl"), "--", python, program]
                done = subprocess.run(command, env=dict(os.environ, PYTHONPATH=harness.SOURCES), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      timeout=240, universal_newlines=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_outside(self):
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                done = harness.run(python, ["-c", OUTSIDE], recorded=False)
                self.assertEqual((done.status, done.errors), (0, ""))

    def test_counts(self):
        self.recorded(COUNTS)

    def test_ways(self):
        self.recorded(WAYS)

    def test_other_threads_run_meanwhile(self):
        self.recorded(THREADS)


if __name__ == "__main__":
    unittest.main()
