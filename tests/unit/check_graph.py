#!/usr/bin/env python3
"""check_graph.py HEAPLINE DOCS: `heapline graph` from the command line: what it answers, what it refuses, and that
docs/json.md names every field that it prints.

Records this Python running a few lines, with its graph and without.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HEAPLINE, DOCS = sys.argv[1:3]
del sys.argv[1:]
ORDERS = 200

PROGRAM = """
import gc
class Order:
    def __init__(self, number):
        self.note = "order number %d" % number
class Book:
    def __init__(self):
        self.history = []
class Node:
    pass
gc.disable()
book = Book()
for number in range(200):
    book.history.append(Order(number))
a, b = Node(), Node()
a.next, b.next = b, a
del a, b
"""

folder = None


def path(name):
    return os.path.join(folder.name, name)


def record(name, *options):
    with open(path("app.py"), "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    words = [HEAPLINE, "run", "-q", *options, "-o", path(name), "--", sys.executable, path("app.py")]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, timeout=120)


def setUpModule():
    global folder
    folder = tempfile.TemporaryDirectory(prefix="heapline-graph-")
    record("app.hpl", "--graph")
    record("plain.hpl")


def tearDownModule():
    folder.cleanup()


def graph(*words):
    return subprocess.run([HEAPLINE, "graph", *words], capture_output=True, text=True, check=False, timeout=120,
                          env=dict(os.environ, LC_ALL="C.UTF-8", COLUMNS="132"))


class Answers(unittest.TestCase):
    def text(self, verb, *words):
        done = graph(verb, path("app.hpl"), *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("\x1b", done.stdout)
        self.assertFalse(re.search(r"[ \t]$", done.stdout.replace("  \n", "\n"), re.M))
        return done.stdout

    def test_types(self):
        """One row for the orders; the sum is that of the snapshot's blocks."""
        text = self.text("types", "type:Order")
        self.assertRegex(text, r"\n +200 +[\d.]+ \w+ +100\.0% +[\d.]+ \w+  Order \(__main__\)\n")
        self.assertRegex(self.text("types"), r"=\s+[\d,]+\s+B,\s+all\s+live\s+bytes\s+of\s+the\s+snapshot\s+\([\d,]+\s+blocks\)")

    def test_backrefs(self):
        text = self.text("backrefs", "type:Order")
        self.assertIn("  200 × Order\n", text)
        self.assertRegex(text, r"[├└]─ \[…\] of list of 200 items at 0x[0-9a-f]+ .*\(200 references\)\n")
        self.assertRegex(text, r"\.history of Book at 0x")

    def test_chain(self):
        text = self.text("chain", "type:Order")
        self.assertRegex(text, r"book.*\.history\[\d+\]")
        self.assertRegex(text, r"\n +[\d.]+ \w+ +[\d.]+ \w+  \[\d+\]: Order at 0x[0-9a-f]+  app\.py:14 in <module>\n")

    def test_free(self):
        self.assertRegex(self.text("free", "type:Order"), r"\nThen [\d.]+ \w+ in [\d,]+ objects go\.\n")

    def test_leaking(self):
        text = self.text("leaking")
        self.assertRegex(text, r"\n +[\d.]+ \w+ +2  2 × Node\n")

    def test_same_twice(self):
        for verb, *words in (["types"], ["dominators"], ["leaking"], ["refs", "type:Book"], ["show", "type:Book"]):
            self.assertEqual(self.text(verb, *words), self.text(verb, *words))

    def test_snapshots(self):
        lines = self.text("snapshots").splitlines()
        self.assertEqual(lines[0].split(), ["number", "time", "process", "blocks", "graph", "Python", "cause"])
        self.assertRegex(lines[1], r"^ +1 .* whole +yes +before Python ended$")

    def test_files(self):
        """-o writes what the name's ending says, and nothing to the terminal."""
        for ending, begin in ((".json", "{"), (".dot", "digraph"), (".txt", "What"), (".html", "<!")):
            name = path("out" + ending)
            self.assertEqual(self.text("refs", "type:Book", "-o", name), "")
            with open(name, encoding="utf-8") as file:
                self.assertTrue(file.read().lstrip().lower().startswith(begin.lower()), ending)
        self.assertTrue(self.text("refs", "type:Book", "--dot").startswith("digraph"))


class Refusals(unittest.TestCase):
    def refuse(self, status, pattern, *words):
        done = graph(*words)
        self.assertEqual((done.returncode, done.stdout), (status, ""))
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertRegex(done.stderr, "^heapline: " + pattern)

    def test_verbs(self):
        self.refuse(2, 'graph: there is no "typse"; did you mean "heapline graph types"\\?', "typse")
        self.refuse(2, 'graph: there is no "zzzzzzzz"; "heapline graph -h" lists what there is', "zzzzzzzz")
        done = graph()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, graph("-h").stdout)

    def test_operands(self):
        self.refuse(2, "graph refs needs to know which objects", "refs", path("app.hpl"))
        self.refuse(2, "graph types takes the name of a trace", "types")
        self.refuse(2, "graph leaking does not know what to do with", "leaking", path("app.hpl"), "type:Order")
        self.refuse(2, ".*nothing.hpl", "types", path("nothing.hpl"))

    def test_selectors(self):
        self.refuse(1, 'graph refs: nothing is selected by "type:Ordre": .*did you mean "Order"', "refs", path("app.hpl"),
                    "type:Ordre")
        self.refuse(1, 'graph chain: nothing is selected by "addr:0x10"', "chain", path("app.hpl"), "addr:0x10")
        self.refuse(2, "graph refs: ", "refs", path("app.hpl"), "kind:Order")
        self.refuse(1, 'graph chain: nothing leads from a root to "type:Node"', "chain", path("app.hpl"), "type:Node")

    def test_no_graph(self):
        self.refuse(2, "graph types: .*run --graph", "types", path("plain.hpl"))
        self.refuse(2, "graph types: there is no snapshot \"lunch\"", "types", path("app.hpl"), "--snapshot", "lunch")
        self.assertIn("--graph", graph("snapshots", path("plain.hpl")).stdout)

    def test_growth_of_one(self):
        self.refuse(2, "graph growth", "growth", path("app.hpl"), "#1", "lunch")

    def test_endings(self):
        self.refuse(2, r"graph types: out.svg cannot be written: the name must end in \.html, \.json or \.txt", "types",
                    path("app.hpl"), "-o", "out.svg")
        self.refuse(2, "graph refs: out.gif cannot be written", "refs", path("app.hpl"), "type:Order", "-o", "out.gif")


VERBS = (["types"], ["growth", "#1", "#1"], ["refs", "type:Order"], ["backrefs", "type:Book"], ["chain", "type:Order"],
         ["dominators"], ["free", "type:Order"], ["leaking"], ["show", "type:Book"], ["snapshots"])
NODE = {"id", "text", "value", "address", "type", "sort", "bytes", "retained_bytes", "references", "held_from_c", "born_s",
        "reach", "line", "tracked", "immortal", "cut"}
SORTS = {"python", "frame", "c++", "native", "memory", "free"}


class Json(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.answers = {}
        for verb, *words in VERBS:
            done = graph(verb, path("app.hpl"), *words, "--json")
            assert done.returncode == 0, done.stderr
            cls.answers[verb] = json.loads(done.stdout)
        with open(os.path.join(DOCS, "json.md"), encoding="utf-8") as file:
            text = file.read()
        cls.section = text.split("## heapline-graph/1\n", 1)[1].split("\n## ", 1)[0]
        cls.places = text.split("### Places\n", 1)[1].split("\n## ", 1)[0]

    def each(self, value):
        """All objects in a value, itself included."""
        if isinstance(value, dict):
            yield value
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from self.each(item)

    def test_begin(self):
        for verb, answer in self.answers.items():
            self.assertEqual((answer["schema"], answer["what"]), ("heapline-graph/1", verb))

    def test_documented(self):
        """Every field stands in the section, or is one of a place."""
        named = set(re.findall(r"`([\w+]+)(?:\[\])?`", self.section + self.places)) | {"schema"}
        for verb, answer in self.answers.items():
            for item in self.each(answer):
                self.assertLessEqual(set(item), named, verb)

    def test_nodes(self):
        """A node has the same fields wherever it stands, and figures that can be."""
        seen = 0
        for verb in ("chain", "free", "show", "leaking", "refs", "backrefs", "dominators"):
            for item in self.each(self.answers[verb]):
                if "held_from_c" not in item or "id" not in item:
                    continue
                seen += 1
                self.assertLessEqual(NODE, set(item))
                self.assertIn(item["sort"], SORTS)
                self.assertGreaterEqual(item["retained_bytes"], 0 if item["reach"] in ("lost", "indirect") else item["bytes"])
        self.assertGreater(seen, 10)

    def test_sums(self):
        for verb, answer in self.answers.items():
            if verb == "snapshots":
                continue
            whole = answer["graph"]
            self.assertEqual(set(whole["sorts"]), SORTS)
            self.assertEqual(whole["bytes"], sum(sort["bytes"] for sort in whole["sorts"].values()))
            self.assertEqual(whole["bytes"], whole["live_bytes"])
            self.assertTrue(whole["whole"] and whole["python"])
        types = self.answers["types"]
        self.assertEqual(sum(row["bytes"] for row in types["types"]), types["graph"]["bytes"])
        self.assertEqual([row["count"] for row in types["types"] if row["type"]["name"] == "Order"], [ORDERS])

    def test_shown(self):
        """Edges lead to nodes of the view; those first met make a tree below what was asked for."""
        for verb in ("refs", "backrefs", "dominators"):
            shown = self.answers[verb]["shown"]
            met = [edge for edge in shown["edges"] if edge["first_met"]]
            far = [edge["from" if verb == "backrefs" else "to"] for edge in met]
            self.assertEqual(len(set(far)), len(far))
            self.assertEqual(set(far), {i for i, node in enumerate(shown["nodes"]) if node["depth"]})

    def test_orders(self):
        orders = [node for node in self.answers["refs"]["shown"]["nodes"] if node["role"] == "group" and node["depth"] == 0]
        self.assertEqual([(node["count"], node["type"]["name"]) for node in orders], [(ORDERS, "Order")])
        last = self.answers["chain"]["steps"][-1]
        self.assertEqual((last["node"]["type"]["name"], last["edge"]["kind"]), ("Order", "index"))
        self.assertIsNotNone(self.answers["chain"]["steps"][0]["root"])

    def test_nothing_grows_in_itself(self):
        self.assertEqual((self.answers["growth"]["types"], self.answers["growth"]["lines"]), ([], []))


if __name__ == "__main__":
    unittest.main()
