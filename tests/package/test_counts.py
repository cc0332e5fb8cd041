"""Executions of lines equal what stands in the programs' comments, counted by hand."""
import os
import unittest

import harness


class Counts(unittest.TestCase):
    def check(self, name):
        path = os.path.join(harness.PROGRAMS, name)
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                result = harness.run(python, [path])
                self.assertEqual((result.status, result.output, result.errors), (0, "", ""))
                self.assertEqual(harness.differences(path, result.notes), [])

    def test_loops(self):
        self.check("loops.py")

    def test_generators(self):
        self.check("generators.py")

    def test_coroutines(self):
        self.check("coroutines.py")

    def test_calls(self):
        self.check("calls.py")


if __name__ == "__main__":
    unittest.main()
