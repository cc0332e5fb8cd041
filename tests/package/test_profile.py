"""The decorator: what it returns, what other tracers see, what gets through at the end."""
import asyncio
import inspect
import os
import unittest

import harness


def handed_over(notes, function, process=None):
    return sum(int(n[3]) for n in notes if n[:2] == ["executed", function] and n[2] == "11" and process in (None, n[4]))


class Ends(unittest.TestCase):
    """Line 11 of ends.py is the body of work()."""

    def check(self, how, times, processes):
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                result = harness.run(python, [os.path.join(harness.PROGRAMS, "ends.py"), how])
                self.assertEqual((result.status, result.output), (0, ""), result.errors)
                self.assertEqual(handed_over(result.notes, "work"), times)
                by_process = [handed_over(result.notes, "work", p) for p in {n[4] for n in result.notes if n[0] == "executed"}]
                self.assertEqual(sorted(by_process), processes)

    def test_exit(self):
        self.check("exit", 3, [3])

    def test_exit_without_handlers(self):
        self.check("_exit", 3, [3])

    def test_exec(self):
        self.check("exec", 3, [3])

    def test_fork(self):
        self.check("fork", 5, [1, 4])

    def test_multiprocessing(self):
        self.check("multiprocessing", 4, [1, 3])


class Others(unittest.TestCase):
    """Beside other users of the interpreter's tracing."""

    def check(self, kind):
        path = os.path.join(harness.PROGRAMS, "tracers.py")
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                alone = harness.run(python, [path, kind], recorded=False)
                beside = harness.run(python, [path, kind])
                self.assertEqual((alone.status, beside.status), (0, 0), alone.errors + beside.errors)
                self.assertIn("helper line 18\n", alone.output)
                self.assertEqual(beside.output, alone.output)
                self.assertEqual(harness.differences(path, beside.notes), [])

    def test_plain_tracer(self):
        self.check("plain")

    def test_tracer_that_takes_the_first_place(self):
        self.check("selfish")

    def test_twins(self):
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                result = harness.run(python, [os.path.join(harness.PROGRAMS, "twins.py")])
                self.assertEqual((result.status, result.errors), (0, ""))
                sums = {}
                for _, name, line, count, _, file in (n for n in result.notes if n[0] == "executed"):
                    sums[file, int(line)] = sums.get((file, int(line)), 0) + int(count)
                self.assertEqual(sums, {("a.py", 1): 1, ("a.py", 3): 1, ("b.py", 1): 2, ("b.py", 3): 2})


KINDS = """
import inspect, warnings
from heapline import profile
def plain(a: int, *, b=2): "text"; return a
def generator(): yield
async def coroutine(): pass
async def async_generator(): yield
for function in (plain, generator, coroutine, async_generator):
    function.mark = 7
    for given in (profile(function), profile(stream=None, precision=4, backend='psutil')(function)):
        assert given.__name__ == function.__name__ and given.__doc__ == function.__doc__ and given.mark == 7
        assert inspect.signature(given) == inspect.signature(function)
        for kind in ("isgeneratorfunction", "iscoroutinefunction", "isasyncgenfunction", "isfunction"):
            assert getattr(inspect, kind)(given) == getattr(inspect, kind)(function), (kind, function)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert profile(len) is len
print(len(caught))
"""

NOTHING = """
import sys, heapline
def function(): pass
assert heapline.profile(function) is function and heapline.profile(precision=4)(function) is function
assert heapline.scope("x")(function) is function
with heapline.scope("x"): heapline.mark("y")
assert (heapline.memory_usage(), heapline.peak_usage(), heapline.is_recording()) == (None, None, False)
assert not {"ctypes", "dis", "inspect", "threading"} & (set(sys.modules) - before), set(sys.modules) - before
"""


class Kinds(unittest.TestCase):
    def test_kinds_are_kept(self):
        for python in harness.PYTHONS:
            for recorded, warned in ((True, "1\n"), (False, "0\n")):
                with self.subTest(python=python, recorded=recorded):
                    result = harness.run(python, ["-c", KINDS], recorded)
                    self.assertEqual((result.status, result.output, result.errors), (0, warned, ""))
                    watched = [n[1] for n in result.notes if n[0] == "watch"]
                    names = ["plain", "generator", "coroutine", "async_generator"]
                    self.assertEqual(sorted(set(watched)), sorted(names) if recorded else [])

    def test_nothing_outside_a_run(self):
        for python in harness.PYTHONS:
            for environment in ({}, {"HEAPLINE_SOCKET": "/nowhere"}):
                with self.subTest(python=python, **environment):
                    loads = "" if not environment else "import ctypes\nimport inspect, dis, threading\n"
                    script = "import sys\n" + loads + "before = set(sys.modules)\n" + NOTHING
                    result = harness.run(python, ["-c", script], recorded=False, **environment)
                    self.assertEqual((result.status, result.output, result.errors, result.notes), (0, "", "", []))


class Wrappers(unittest.TestCase):
    """What a wrapper adds before 3.12: each step of a generator or coroutine, and nothing else, between `before` and `after`."""

    def setUp(self):
        self.depth, self.steps = 0, 0

    def wrap(self, function, whole=False):
        from heapline._wrap import wrap
        return wrap(function, self.before, self.after, whole)

    def before(self):
        self.depth += 1
        self.steps += 1

    def after(self):
        self.depth -= 1

    def test_plain(self):
        self.assertEqual(self.wrap(lambda: self.depth)(), 1)
        with self.assertRaises(ZeroDivisionError):
            self.wrap(lambda: 1 // 0)()
        self.assertEqual((self.depth, self.steps), (0, 2))

    def test_generator(self):
        def generator():
            try:
                got = yield self.depth
            except KeyError:
                got = yield "key"
            return got, self.depth

        steps = self.wrap(generator)()
        self.assertTrue(inspect.isgenerator(steps))
        self.assertEqual((next(steps), self.depth), (1, 0))
        self.assertEqual((steps.throw(KeyError("x")), self.depth), ("key", 0))
        with self.assertRaises(StopIteration) as stop:
            steps.send(5)
        self.assertEqual((stop.exception.value, self.depth, self.steps), ((5, 1), 0, 3))
        closed = self.wrap(generator)()
        next(closed)
        closed.close()
        self.assertEqual((self.depth, self.steps), (0, 5))

    def test_whole_generator(self):
        def generator():
            yield self.depth
            yield self.depth

        steps = self.wrap(generator, whole=True)()
        self.assertEqual((next(steps), self.depth, next(steps), list(steps), self.depth, self.steps), (1, 1, 1, [], 0, 1))

    def test_coroutines(self):
        async def coroutine(n):
            await asyncio.sleep(0)
            return n, self.depth

        async def numbers():
            try:
                for n in range(3):
                    await asyncio.sleep(0)
                    yield n
            except KeyError:
                yield "key"

        async def main():
            wrapped = self.wrap(coroutine)
            self.assertEqual(await asyncio.gather(wrapped(1), wrapped(2)), [(1, 1), (2, 1)])
            self.assertEqual([n async for n in self.wrap(numbers)()], [0, 1, 2])
            steps = self.wrap(numbers)()
            self.assertEqual(await steps.__anext__(), 0)
            self.assertEqual(await steps.athrow(KeyError("x")), "key")
            with self.assertRaises(StopAsyncIteration):
                await steps.__anext__()
            self.assertEqual(self.depth, 0)

        asyncio.run(main())


if __name__ == "__main__":
    unittest.main()
