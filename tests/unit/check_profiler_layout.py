#!/usr/bin/env python3
"""check_profiler_layout.py HEAPLINE: `heapline lines --style memory_profiler` prints what memory_profiler does,
but for the figures.

Runs one script under both, with the first Python that has memory_profiler. Ends with 77, and the reason, where there is none.
"""

import os
import re
import subprocess
import sys
import tempfile

SCRIPT = '''\
try:
    profile
except NameError:
    def profile(function):
        return function


@profile
def grow(n):
    rows = []
    for i in range(n):
        rows.append(bytes(1000 + i))

    # rows are kept
    return rows


class Table:
    @profile
    def fill(self,
             n):
        """Two
lines."""
        self.text = (
            "x" * n
        )
\tself.more = [n] * 1000000
        return self.text


@profile
def one(): return "y" * 3000000


rows = grow(3000)
table = Table()
text = table.fill(4000000)
more = one()
'''.replace("\tself", "        self")

TABLE = re.compile(r"Filename: .*?\n\n\n", re.S)
ROW = re.compile(r"( {5}\d| {4}\d\d| {3}\d{3}) (.{12}) (.{12})  (.{10})   ")
FIGURE = re.compile(r"^ *-?\d+\.(\d+) MiB$")


def find_python():
    """An interpreter that is a program of its own (no script that looks for one) and has memory_profiler."""
    for name in (sys.executable, "/usr/bin/python3"):
        done = subprocess.run([name, "-c", "import memory_profiler, sys; print(memory_profiler.__version__, sys.executable)"],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            version, path = done.stdout.split()
            return (path, "") if version == "0.61.0" else (None, f"memory_profiler is {version}, not 0.61.0")
    return None, "memory_profiler is not installed"


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: status {done.returncode}: {done.stderr}")
    return done.stdout


def tables(text, digits):
    """The tables by the line that they begin with, figures blanked out, which have so many digits."""
    found = {}
    for table in TABLE.findall(text):
        lines = table.split("\n")
        rows = [ROW.match(line) for line in lines[4:-3]]
        if not all(rows):
            sys.exit(f"not all are rows:\n{table}")
        for row in rows:
            figures = row.groups()[1:]
            blank = not "".join(figures).strip()
            sizes = [FIGURE.match(figure) for figure in figures[:2]]
            good = all(sizes) and all(len(size.group(1)) == digits for size in sizes) and figures[2].strip().isdigit()
            if not blank and not good:
                sys.exit(f"no figures: {row.group(0)!r}")
        first = int(rows[0].group(1))
        found[first] = "\n".join(line[:7] + " " * 41 + line[48:] if ROW.match(line) else line for line in lines)
    return found


def main():
    heapline = os.path.abspath(sys.argv[1])
    python, reason = find_python()
    if not python:
        print(f"skipped: {reason}")
        return 77
    with tempfile.TemporaryDirectory(prefix="heapline-") as folder:
        script, trace = os.path.join(folder, "script.py"), os.path.join(folder, "trace.hpl")
        with open(script, "w", encoding="utf-8") as file:
            file.write(SCRIPT)
        run(heapline, "run", "-q", "-o", trace, python, script)
        for digits in (1, 3):
            precision = ("--precision", str(digits))
            theirs = tables(run(python, "-m", "memory_profiler", *precision, script), digits)
            ours = tables(run(heapline, "lines", "--style", "memory_profiler", *precision, trace), digits)
            compare(theirs, ours)
    return 0


def compare(theirs, ours):
    if len(theirs) != 3:
        sys.exit(f"memory_profiler printed {len(theirs)} tables, not 3")
    for first, table in theirs.items():
        if ours.get(first) != table:
            sys.exit(f"memory_profiler:\n{table}\nheapline:\n{ours.get(first)}")


if __name__ == "__main__":
    sys.exit(main())
