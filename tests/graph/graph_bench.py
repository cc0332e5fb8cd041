"""The bench of the graphs' scenarios: that of the Python scenarios, programs of tests/graph/prog, and what `heapline graph`
says."""
import os
import re
import shutil
import subprocess

from bench import PythonBench
from harness import Skip, expect

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "prog")
ROOT = os.path.dirname(os.path.dirname(HERE))
PACKAGE = os.path.join(ROOT, "viewer", "python")


def line_of(name, marker):
    """The number of the line of a program that ends with the marker in a comment."""
    with open(os.path.join(PROGRAMS, name), encoding="utf-8") as file:
        found = [number for number, line in enumerate(file, 1) if re.search(r"(#|//|/\*) *" + re.escape(marker) + r"\b", line)]
    if len(found) != 1:
        raise LookupError(f"{name} has the marker {marker} on {len(found)} lines")
    return found[0]


class GraphBench(PythonBench):
    def __init__(self, interpreter, heapline, sessions, nodes):
        super().__init__(heapline, interpreter)
        self.sessions, self.node_printer = sessions, nodes
        self.modules = {}

    def need_module(self, name):
        """Skips where the interpreter has no such module."""
        if name not in self.modules:
            done = subprocess.run([self.python, "-c", "import " + name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  check=False)
            self.modules[name] = done.returncode == 0
        if not self.modules[name]:
            raise Skip(f"{self.interpreter} has no {name}: {self.python} -m pip install {name.replace('guppy', 'guppy3')}")

    def record(self, program, *arguments, options=(), extension=None):
        """A copy of the program, so that its path is that of the scratch folder, under heapline with the graph at its end.
        Returns the trace."""
        path = shutil.copy(os.path.join(PROGRAMS, program), self.path(program))
        folders = [PACKAGE] + ([self.interpreter.extension(extension, PROGRAMS)] if extension else [])
        env = self.environment(PYTHONPATH=":".join(folders), PYTHONDONTWRITEBYTECODE="1")
        outcome, trace = self.profile([self.python, path, *map(str, arguments)], options=["--graph", *options], env=env)
        expect(outcome.status == 0, f"{program} ended with {outcome.status}: {outcome.stderr.decode(errors='replace')[:2000]}")
        return trace

    def nodes(self, trace, which):
        """What tests/graph/nodes.c prints of a snapshot."""
        outcome = self.run([self.node_printer, trace, which])
        expect(outcome.status == 0, f"nodes ended with {outcome.status}: {outcome.stderr.decode(errors='replace')}")
        return outcome.stdout.decode("utf-8", "replace")

    def graph(self, *arguments):
        """What `heapline graph` prints, as text."""
        return self.verb("graph", *arguments).stdout.decode()

    def graph_json(self, verb, *arguments):
        return self.json("graph", verb, "--json", *arguments)

    def types(self, trace, *arguments):
        """Rows of `heapline graph types` by name; two types of one name are one row."""
        rows = {}
        for row in self.graph_json("types", "--top", "1000000", trace, *arguments)["types"]:
            same = rows.setdefault(row["type"]["name"], row)
            if same is not row:
                for field in ("count", "bytes", "retained_bytes"):
                    same[field] += row[field]
        return rows


def expect_in(text, *patterns):
    """Each pattern is found in the text, and so behind the one before it."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern).search(text, at)
        expect(found, f"expected {pattern!r} in:\n{text}")
        at = found.end()
