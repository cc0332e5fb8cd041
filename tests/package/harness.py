"""Runs Python programs against the recorder that takes notes, by each interpreter of HEAPLINE_PYTHONS (else the one that runs the tests)."""
import collections
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(HERE, "programs")
ROOT = os.path.dirname(os.path.dirname(HERE))
SOURCES = os.path.join(ROOT, "viewer", "python")
COMPAT = os.path.join(SOURCES, "heapline", "compat")
sys.path.insert(0, SOURCES)
PYTHONS = [p for p in os.environ.get("HEAPLINE_PYTHONS", "").split(":") if p] or [sys.executable]
EXPECTED = re.compile(r"#: (\d+|any)")

Result = collections.namedtuple("Result", "status output errors notes")


def run(python, arguments, recorded=True, path=(SOURCES,), **environment):
    """Runs it to its end; notes: a list of lists of fields."""
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "notes")
        variables = dict(os.environ, PYTHONPATH=":".join(path), HEAPLINE_FAKE_LOG=log, PYTHONDONTWRITEBYTECODE="1")
        for name in ("LD_PRELOAD", "HEAPLINE_SOCKET"):
            variables.pop(name, None)
        if recorded:
            variables.update(LD_PRELOAD=os.environ["HEAPLINE_FAKE"], HEAPLINE_SOCKET=os.path.join(folder, "socket"))
        variables.update(environment)
        done = subprocess.run([python] + list(arguments), env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                              universal_newlines=True)
        notes = []
        if os.path.exists(log):
            with open(log, encoding="utf-8") as file:
                notes = [line.rstrip("\n").split("\t") for line in file]
        return Result(done.returncode, done.stdout, done.stderr, notes)


def executed(notes):
    """{line: executions} as handed over."""
    sums = collections.Counter()
    for note in notes:
        if note[0] == "executed":
            sums[int(note[2])] += int(note[3])
    return sums


def expected(path):
    """{line: executions} as the program's comments say: `#: 3` at a line; `#: any` where interpreters differ, as None."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = EXPECTED.search(line)
            if match:
                found[number] = None if match.group(1) == "any" else int(match.group(1))
    return found


def differences(path, notes):
    """One sentence for each line whose executions are not those that the program's comments say."""
    counted, wanted = executed(notes), expected(path)
    free = {line for line, count in wanted.items() if count is None}
    return ["%s:%d ran %d times, counted %d" % (os.path.basename(path), line, wanted.get(line, 0), counted[line])
            for line in sorted(set(counted) | set(wanted)) if line not in free and counted[line] != wanted.get(line, 0)]
