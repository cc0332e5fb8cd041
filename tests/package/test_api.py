"""Marks, scopes and figures as they reach the recorder; what they cost where there is none."""
import os
import unittest

import harness

MARKS = """
import asyncio, heapline
heapline.mark("caf\\u00e9")
heapline.mark("x" * 255 + "\\u00e9")
with heapline.scope("outer"):
    with heapline.scope("inner"):
        pass
try:
    with heapline.scope("raised"):
        raise KeyError
except KeyError:
    pass
@heapline.scope("called")
def function(): return heapline.mark("in function") or 5
assert function() == 5
@heapline.scope("generated")
def generator(): yield 1; yield 2
steps = generator()
heapline.mark("not begun")
assert list(steps) == [1, 2]
@heapline.scope("awaited")
async def coroutine():
    async with heapline.scope("async with"):
        await asyncio.sleep(0)
asyncio.run(coroutine())
"""

FIGURES = """
import heapline
MIB = 1024 * 1024
assert heapline.is_recording() is True
assert heapline.memory_usage() == 3 * MIB and heapline.memory_usage() == 4 * MIB
assert heapline.peak_usage() == 60 * MIB
import os
os.environ["HEAPLINE_FAKE_OFF"] = "1"
assert (heapline.is_recording(), heapline.memory_usage(), heapline.peak_usage()) == (False, None, None)
"""

LEAKS = """
import heapline
found = heapline.leak_check()
assert (found.lost_bytes, found.lost_blocks, found.indirect_bytes, found.indirect_blocks) == (1, 2, 3, 4), found
assert (found.possible_bytes, found.possible_blocks, found.reachable_bytes, found.reachable_blocks) == (5, 6, 7 << 32, 8), found
assert found.complete is True and found == heapline.leak_check() and found != None
assert repr(found).startswith("LeakCheck(lost_bytes=1, lost_blocks=2, ")
assert heapline.snapshot("caf\\u00e9") is True
with heapline.disable_leaks():
    try:
        with heapline.disable_leaks():
            heapline.mark("inside")
            raise KeyError
    except KeyError:
        pass
from heapline._library import library
room = library.room()
assert library.window(True, room) and room[:6] == [1, 2, 3, 4, 5, 1]
import os
os.environ["HEAPLINE_FAKE_OFF"] = "1"
assert heapline.leak_check() is None and heapline.snapshot("x") is False
"""

OUTSIDE = """
import heapline
assert heapline.leak_check() is None and heapline.snapshot("x") is False
with heapline.disable_leaks():
    pass
"""

COST = """
import time, heapline
def empty(label): pass
def best(function):
    rounds = []
    for _ in range(40):
        begin = time.perf_counter_ns()
        for _ in range(5000): function("x")
        rounds.append((time.perf_counter_ns() - begin) / 5000)
    return min(rounds)
print(best(heapline.mark) - best(empty))
"""


class Api(unittest.TestCase):
    def succeed(self, script, recorded=True):
        results = []
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                results.append(harness.run(python, ["-c", script], recorded))
                self.assertEqual((results[-1].status, results[-1].errors), (0, ""))
        return results

    def test_marks_and_scopes(self):
        for result in self.succeed(MARKS):
            self.assertEqual([" ".join(note) for note in result.notes], [
                "mark caf\u00e9", "mark " + "x" * 255,
                "begin outer", "begin inner", "end inner", "end outer",
                "begin raised", "end raised",
                "begin called", "mark in function", "end called",
                "mark not begun", "begin generated", "end generated",
                "begin awaited", "begin async with", "end async with", "end awaited"])

    def test_figures(self):
        for result in self.succeed(FIGURES):
            self.assertEqual(result.output, "")

    def test_leaks(self):
        for result in self.succeed(LEAKS):
            self.assertEqual([" ".join(note) for note in result.notes],
                             ["snapshot caf\u00e9", "disable", "disable", "mark inside", "enable", "enable", "snapshot x"])

    def test_leaks_outside(self):
        for result in self.succeed(OUTSIDE, recorded=False):
            self.assertEqual(result.notes, [])

    def test_a_mark_outside_a_run_costs_less_than_100_ns(self):
        for result in self.succeed(COST, recorded=False):
            self.assertLess(float(result.output), 100)

    def test_version_is_the_project_s(self):
        if "HEAPLINE_VERSION" not in os.environ:
            self.skipTest("HEAPLINE_VERSION is not set: run by meson")
        for result in self.succeed("import heapline; print(heapline.__version__)", recorded=False):
            self.assertEqual(result.output.strip(), os.environ["HEAPLINE_VERSION"])


if __name__ == "__main__":
    unittest.main()
