"""The bench of the Python scenarios: that of tests/prog with an interpreter."""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "prog"))

from harness import Bench, expect, expect_equal   # noqa: E402
from traces import Trace                          # noqa: E402


def register(group):
    """The list of a file's scenarios, and the decorator that adds to it."""
    scenarios = []

    def scenario(name):
        def add(function):
            scenarios.append((name, group, function))
            return function
        return add
    return scenarios, scenario


class PythonBench(Bench):
    def __init__(self, heapline, interpreter):
        super().__init__(heapline, None, None, None)
        self.interpreter = interpreter
        self.python = interpreter.path

    def write(self, name, text):
        """A file of the scratch folder."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def dump(self, trace):
        return Trace(self.verb("dump", trace).stdout.decode("utf-8", "surrogateescape"))

    def check_transparent(self, command, status=0, same_stderr=True, **how):
        """The command natively and under heapline, each in an empty folder of the same name: the same status and outputs."""
        native = self.run(command, cwd=self.folder("here"), **how)
        os.rename(self.path("here"), self.path("here-native"))
        profiled, trace = self.profile(command, cwd=self.folder("here"), **how)
        expect_equal("status natively", native.status, status)
        expect_equal("status", profiled.status, native.status)
        expect_equal("stdout", profiled.stdout, native.stdout)
        if same_stderr:
            expect(profiled.stderr.startswith(native.stderr),
                   f"stderr: natively {native.stderr!r}, under heapline {profiled.stderr!r}")
        return trace

    def lines_of(self, trace, *options):
        """(file's last part, line) -> its row of `heapline lines --json`, of rows with a line."""
        rows = self.json("lines", "--json", "--top", "1000000", *options, trace)["lines"]
        return {(os.path.basename(row["file"]), row["line"]): row for row in rows if row["file"] and row["line"]}

    def check_lines(self, trace, expected, *options):
        """`expected`: (file, line) -> bytes that the line allocated in large blocks; headers of objects add less than
        2,000 to each, and other code of the name "<string>", of the interpreter's start say, what it will."""
        rows = self.lines_of(trace, *options)
        for place, size in expected.items():
            expect(place in rows, f"{place} is not among the lines: {sorted(rows)[:40]}")
            came = rows[place]["allocated_bytes"]
            little = 2000 if place[0] != "<string>" else 20000
            expect(size <= came < size + little, f"{place}: expected {size} bytes and a little, came {came}")


def line_of(text, marker):
    """The number of the line that holds the marker."""
    return next(i for i, line in enumerate(text.split("\n"), 1) if re.search(marker, line))
