#!/usr/bin/env python3
"""stacks.py HEAPLINE ORACLE PROGRAMS: every stack that `heapline run --check-stacks` captures is the one that libunwind sees.

ORACLE is the library of tests/check, PROGRAMS the folder of the built tests/prog. Programs of the distribution that are not there are skipped.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HEAPLINE, ORACLE, PROGRAMS = (os.path.abspath(path) for path in sys.argv[1:4])
COMPARED = re.compile(r"^heapline: ([\d,]+) stacks compared with libunwind's, ([\d,]+) differ$", re.MULTILINE)

SOURCE = """
int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
double mean(const double *values, int n) { double sum = 0; for (int i = 0; i < n; i++) sum += values[i]; return sum / n; }
"""
QUERY = """
create table t(a integer primary key, b text); create index i on t(b);
with recursive n(x) as (select 1 union all select x + 1 from n where x < 2000) insert into t select x, hex(x * 7919 % 2003) from n;
select substr(b, 1, 1) as first, count(*), max(length(b)) from t group by first order by 2 desc limit 3;
"""
PERL = 'my %words; $words{$_ % 100} .= "word $_ " for 1 .. 5000; print length(join(",", map { uc } sort values %words))'
PYTHON = "import json, re; print(len(json.dumps([re.sub('a+', str(i), 'banana') for i in range(2000)])))"


class Stacks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="heapline-stacks-")
        self.addCleanup(self.folder.cleanup)

    def compare(self, *command, at_least):
        """The program ends well, at least so many stacks were compared, and none differed."""
        environment = dict(os.environ, HEAPLINE_ORACLE=ORACLE)
        done = subprocess.run([HEAPLINE, "run", "--check-stacks", "-o", os.path.join(self.folder.name, "trace.hpl"), "--", *command],
                              env=environment, cwd=self.folder.name, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = COMPARED.search(done.stderr)
        self.assertTrue(found, f"no line about compared stacks in: {done.stderr}")
        compared, differ = (int(number.replace(",", "")) for number in found.groups())
        self.assertEqual(differ, 0, f"{differ} of {compared} stacks differ")
        self.assertGreaterEqual(compared, at_least)

    def compare_tool(self, tool, *arguments, at_least):
        path = shutil.which(tool, path="/usr/bin:/bin") or shutil.which(tool)
        if not path:
            print(f"skipped: {tool} is not installed", flush=True)
            self.skipTest(f"{tool} is not installed")
        self.compare(path, *arguments, at_least=at_least)

    def test_deep_recursion(self):
        self.compare(os.path.join(PROGRAMS, "deep_stack"), "3000", at_least=7)

    def test_exceptions(self):
        self.compare(os.path.join(PROGRAMS, "exceptions"), at_least=100)

    def test_frames_of_every_shape(self):
        self.compare(os.path.join(PROGRAMS, "realigned"), at_least=10)
        self.compare(os.path.join(PROGRAMS, "inlined"), at_least=4)

    def test_other_stacks(self):
        self.compare(os.path.join(PROGRAMS, "alternate_stack"), at_least=5)
        self.compare(os.path.join(PROGRAMS, "coroutines"), at_least=20)
        self.compare(os.path.join(PROGRAMS, "longjmp"), at_least=10)

    def test_threads(self):
        """None that forks meanwhile: libunwind's lock, held by another thread at the fork, would stay locked in the child."""
        self.compare(os.path.join(PROGRAMS, "producer_consumer"), at_least=1000)

    def test_sqlite3(self):
        self.compare_tool("sqlite3", ":memory:", QUERY, at_least=2000)

    def test_perl(self):
        self.compare_tool("perl", "-e", PERL, at_least=2000)

    def test_python(self):
        self.compare(os.path.realpath(sys.executable), "-c", PYTHON, at_least=5000)

    def test_compiler(self):
        source = os.path.join(self.folder.name, "small.c")
        with open(source, "w", encoding="ascii") as file:
            file.write(SOURCE)
        self.compare_tool("gcc", "-O1", "-c", source, at_least=5000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
