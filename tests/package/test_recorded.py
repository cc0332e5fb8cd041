"""The whole way: a program under `heapline run`, its figures asked from inside and its table printed after the run."""
import os
import re
import subprocess
import tempfile
import unittest

import harness

ROW = re.compile(r"^ *(\d+) +([\d.]+) MiB +(-?[\d.]+) MiB +(\d+)   ", re.MULTILINE)
BARE = "@profile\ndef bare():\n    return bytearray(5 << 20)\n\n\nbare()\n"


class Recorded(unittest.TestCase):
    def setUp(self):
        if "HEAPLINE" not in os.environ:
            self.skipTest("HEAPLINE, the command to test, is not set: run by meson")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def table(self, python, options, program):
        """{line: (MiB of increment, executions)} as printed after the run."""
        command = [os.environ["HEAPLINE"], "run"] + options + ["-o", os.path.join(self.folder, "a.hpl"), "--", python, program]
        environment = dict(os.environ, PYTHONPATH=harness.SOURCES)
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, universal_newlines=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Filename: %s\n" % program, done.stdout)
        return {int(line): (float(increment), int(times)) for line, _, increment, times in ROW.findall(done.stdout)}

    def test_figures(self):
        program = os.path.join(harness.PROGRAMS, "figures.py")
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                rows = self.table(python, [], program)
                self.assertEqual({line: times for line, (_, times) in rows.items()}, harness.expected(program))
                self.assertEqual([rows[line][0] for line in (10, 11, 12, 14)], [20.0, 40.0, -40.0, 0.0])

    def test_bare_decorator(self):
        program = os.path.join(self.folder, "bare.py")
        with open(program, "w", encoding="utf-8") as file:
            file.write(BARE)
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                rows = self.table(python, ["--memory-profiler"], program)
                self.assertEqual((rows[3], rows[1][1]), ((5.0, 1), 1))


if __name__ == "__main__":
    unittest.main()
