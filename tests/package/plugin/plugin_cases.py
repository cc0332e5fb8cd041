"""pytest --heapline, seen from outside: what sessions print and end with. Run by check_plugin.py, which makes the environment."""
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

import pytest

pytest_plugins = ["pytester"]

COMMAND = os.environ["HEAPLINE_PLUGIN_COMMAND"]
PYTEST = [sys.executable, "-m", "pytest", "-p", "heapline.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:asyncio"]


@pytest.fixture
def run(pytester):
    """A session of the tests given, by default with --heapline; returns what it printed and its status."""
    def run(tests, *arguments, before=(), plain=False):
        if tests is not None:
            pytester.makepyfile(test_it=tests)
        command = list(before) + PYTEST + ([] if plain else ["--heapline"]) + list(arguments)
        return pytester.run(*command, timeout=200)
    return run


LEAKS = """
    import ctypes, gc, pytest, sys
    kept = []
    NOTHING = 0 if sys.version_info >= (3, 11) else "16 KB"     # before, functions kept a frame from their first call on
    class Node:
        __slots__ = "me",
        def __init__(self):
            self.me = self
    malloc = ctypes.CDLL(None).malloc
    malloc.restype = None

    @pytest.mark.heapline_limit_leaks(NOTHING)
    def test_nothing():
        pass

    @pytest.mark.heapline_limit_leaks(NOTHING)
    def test_cycles_are_collected():
        for i in range(100):
            Node()

    @pytest.mark.heapline_limit_leaks("1 MB")
    def test_below():
        kept.append(bytearray(1000000))

    @pytest.mark.heapline_limit_leaks("1 MB")
    def test_above():
        kept.append(bytearray(1 << 20))

    @pytest.mark.heapline_limit_leaks("1 MB")
    def test_what_others_freed_does_not_count_against_it():
        kept.clear()
        kept.append(bytearray(1 << 20))

    @pytest.mark.heapline_limit_leaks("1 MB", objects=99)
    def test_objects():
        kept.append([Node() for i in range(100)])

    @pytest.mark.heapline_limit_leaks("10 KB")
    def test_lost():
        for i in range(100):
            malloc(1000)

    made = []
    @pytest.mark.heapline_limit_leaks(NOTHING, warmups=1)
    def test_what_the_first_run_makes():
        if not made:
            made.append(bytearray(50000))
"""


def test_limit_leaks(run):
    result = run(LEAKS)
    result.assert_outcomes(passed=4, failed=4)
    result.stdout.fnmatch_lines_random([
        "heapline: 1,0* B in * blocks is still live after the test, which allocated it, limit 1,048,576 B (heapline_limit_leaks)",
        "heapline: 101 new objects are still there after the test, limit 99 (heapline_limit_leaks)",
        "  new objects: 100 test_it.Node, 1 list",
        "heapline: * KiB in 1?? blocks is still live after the test, which allocated it, limit 10.0 KiB (heapline_limit_leaks)",
        "heapline: * KiB in * blocks is lost: nothing leads there any more, limit 10.0 KiB (heapline_limit_leaks)",
    ])
    failed = sorted(re.findall(r"^FAILED test_it.py::(\w+)", result.stdout.str(), re.MULTILINE))
    assert failed == ["test_above", "test_lost", "test_objects", "test_what_others_freed_does_not_count_against_it"]
    lines = result.stdout.str().partition("the lines of tests beyond their limits")[2]
    assert re.search(r"test_above, what it left:\n +1\.00 MiB left in \d blocks  test_it.py:26  kept.append\(bytearray\(1 << 20\)\)\n", lines)
    assert re.search(r"test_lost, what it left:\n +97.* KiB left in 100 blocks  test_it.py:40  malloc\(1000\)$", lines)


PEAK = """
    import pytest
    old = bytearray(50 << 20)

    @pytest.mark.heapline_limit_peak("4 MiB")
    def test_above():
        bytearray(5 << 20)

    @pytest.mark.heapline_limit_peak("6 MB")
    def test_below():
        for i in range(20):
            bytearray(5 << 20)

    @pytest.mark.parametrize("size", [1, 3])
    @pytest.mark.heapline_limit_peak("2m")
    def test_each(size):
        bytearray(size << 20)

    @pytest.fixture
    def large():
        yield bytearray(10 << 20)
        bytearray(20 << 20)

    @pytest.mark.heapline_limit_peak("1 MiB")
    def test_fixtures_do_not_count(large):
        pass

    @pytest.mark.heapline_limit_peak("24 MB", fixtures=True)
    def test_fixtures_count(large):
        pass

    @pytest.mark.heapline_limit_leaks("1 MB", fixtures=True)
    def test_fixtures_are_gone(large):
        pass

    @pytest.mark.heapline_limit_peak("1 MiB")
    def test_own_failure_stays():
        large = bytearray(5 << 20)
        assert len(large) == 0, "its own"

    @pytest.mark.xfail(strict=True)
    @pytest.mark.heapline_limit_peak("1 MiB")
    def test_expected():
        bytearray(5 << 20)

    @pytest.mark.heapline_limit_peak("1 MiB")
    def test_skipped():
        pytest.skip("no")

    @pytest.mark.heapline_limit_peak("1 MiB")
    class TestClass:
        def test_method(self):
            bytearray(5 << 20)
"""


def test_limit_peak(run):
    result = run(PEAK, "--heapline-top=3", "--junitxml=report.xml", "-rA")
    result.assert_outcomes(passed=5, failed=4, errors=1, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines_random([
        "heapline: the peak was 5.0? MiB above what was live at the start, limit 4.00 MiB (heapline_limit_peak)",
        "heapline: the peak was 3.0? MiB above what was live at the start, limit 2.00 MiB (heapline_limit_peak)",
        "heapline: the peak was 30.0 MiB above what was live at the start, limit 24.0 MiB (heapline_limit_peak)",
        "E       AssertionError: its own",
        "*= heapline: the 3 of 10 tests with the highest peaks =*",
        "      peak  allocated       left       lost  test",
        "  30.0 MiB   30.1 MiB * KiB          -  test_it.py::test_fixtures_count",
        "ERROR test_it.py::test_fixtures_count - Failed: heapline: the peak was*",
    ])
    assert "test_own_failure_stays, what" not in result.stdout.str()
    failed = sorted(re.findall(r"^FAILED test_it.py::(\S+)", result.stdout.str(), re.MULTILINE))
    assert failed == ["TestClass::test_method", "test_above", "test_each[3]", "test_own_failure_stays"]
    cases = {case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
             for case in xml.etree.ElementTree.parse("report.xml").iter("testcase")}
    assert 20 * (5 << 20) <= int(cases["test_below"]["heapline_allocated_bytes"]) < 20 * (5 << 20) + 20000
    assert 5 << 20 <= int(cases["test_below"]["heapline_peak_bytes"]) < (5 << 20) + 20000
    assert int(cases["test_below"]["heapline_left_bytes"]) <= (0 if sys.version_info >= (3, 11) else 10000)
    assert cases["test_skipped"] == {}


GROWTH = """
    import asyncio, collections, pytest, unittest
    kept, cache, ring, count = [], {}, collections.deque(maxlen=5), [0]
    class Node: __slots__ = "list",

    @pytest.mark.heapline_no_growth
    def test_grows():
        kept.append(bytearray(100))

    @pytest.mark.heapline_no_growth(iterations=30)
    def test_grows_by_objects():
        node = Node()
        node.list = []
        kept.append(node)

    @pytest.mark.heapline_no_growth(iterations=25, limit="1 KB")
    def test_grows_within_its_limit():
        kept.append(bytearray(100))

    @pytest.mark.heapline_no_growth
    def test_steady():
        [bytearray(i) for i in range(1000)]

    @pytest.mark.heapline_no_growth(iterations=30)
    def test_levels_off():
        count[0] += 1
        cache[count[0] % 8] = bytearray(1000)
        ring.append(bytearray(1000))

    @pytest.mark.heapline_limit_peak("1 MB", fixtures=True)
    @pytest.mark.heapline_no_growth
    def test_grows_and_keeps_its_peak(tmp_path):
        kept.append(bytearray(100))

    runs = []
    @pytest.mark.heapline_no_growth(iterations=15)
    def test_fails_by_itself():
        runs.append(1)
        assert len(runs) < 7, "in the seventh"

    class TestCase(unittest.TestCase):
        @pytest.mark.heapline_no_growth
        def test_unittest(self):
            kept.append(bytearray(1000))

        @pytest.mark.heapline_no_growth
        def test_unittest_fails(self):
            self.fail("unittest's own")
"""


def test_no_growth(run):
    result = run(GROWTH)
    result.assert_outcomes(passed=3, failed=6)
    result.stdout.fnmatch_lines_random([
        "heapline: live memory grows by 1?? B an iteration (1?? B to 1?? B), limit 0 B, over * iterations after * of warm-up (heapline_no_growth)",
        "  new objects an iteration: 1 list, 1 test_it.Node",
        "E       AssertionError: in the seventh",
        "E       AssertionError: unittest's own",
    ])
    failed = sorted(re.findall(r"^FAILED test_it.py::(\S+)", result.stdout.str(), re.MULTILINE))
    assert failed == ["TestCase::test_unittest", "TestCase::test_unittest_fails", "test_fails_by_itself", "test_grows",
                      "test_grows_and_keeps_its_peak", "test_grows_by_objects"]
    assert re.search(r"test_grows, what grew:\n.*test_it.py:7  kept.append\(bytearray\(100\)\)\n", result.stdout.str())


def test_already_recorded(run, pytester):
    result = run(PEAK, "-k", "above or below", before=[COMMAND, "run", "-q", "-o", "all.hpl", "--"])
    result.assert_outcomes(passed=1, failed=1, deselected=9)
    result.stdout.fnmatch_lines([
        "heapline: the peak was 5.0? MiB above what was live at the start, limit 4.00 MiB (heapline_limit_peak)",
        "where: heapline lines --from 'test_it.py::test_above' --to 'test_it.py::test_above' FILE, with the FILE of this recording"])
    label = "test_it.py::test_above"
    done = subprocess.run([COMMAND, "lines", "--json", "--by", "allocated", "--from", label, "--to", label, "all.hpl"], stdout=subprocess.PIPE, timeout=60)
    first = json.loads(done.stdout.decode())["lines"][0]
    assert (os.path.basename(first["file"]), first["line"], first["allocated_bytes"] >> 20) == ("test_it.py", 6, 5)


@pytest.mark.parametrize("arguments", [[], ["--heapline", "--collect-only"]])
def test_not_wanted(run, arguments):
    more = "\n    def test_not_recorded():\n        import os; assert 'HEAPLINE_SOCKET' not in os.environ"
    result = run(PEAK + more, "-k", "above or each or not_recorded", "--strict-markers", "-W", "error", *arguments, plain=True)
    assert "heapline:" not in result.stdout.str()
    assert result.ret == 0
    if not arguments:
        result.assert_outcomes(passed=4, deselected=8)


def test_markers_are_listed(run):
    result = run(None, "--markers", plain=True)
    result.stdout.fnmatch_lines(["@pytest.mark.heapline_%s(%s*" % marker for marker in
                                 (("limit_peak", "limit, "), ("limit_leaks", "limit, "), ("no_growth", "iterations=20, "))])


def test_wrong_markers(run):
    for marker, sentence in (('limit_peak("24 XB")', 'heapline_limit_peak: \'24 XB\' is no number of bytes such as 4096, "24 MB" or "1.5 GiB"'),
                             ("no_growth(iterations=5)", "heapline_no_growth: 5 iterations say nothing: at least 12 are needed"),
                             ("limit_leaks()", "heapline_limit_leaks: *missing 1 required positional argument: 'limit'")):
        result = run("import pytest\n@pytest.mark.heapline_%s\ndef test_it(): pass\n" % marker)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["ERROR: test_it.py::test_it: " + sentence])


def test_status_and_arguments(run, pytester):
    pytester.makeini("[pytest]\naddopts = --heapline\n")
    tests = "import sys\ndef test_a(): assert 0\ndef test_b(): assert 0\ndef test_c(): print(sys.flags.dev_mode, sys.argv)\n"
    result = run(tests, "-x", "--color=yes", plain=True)
    assert result.ret == 1
    assert "\x1b[31m" in result.stdout.str() and "stopping after 1 failures" in result.stdout.str()
    result = run(tests, "-k", "nothing", plain=True)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    PYTEST.insert(1, "-Xdev")
    try:
        result = run(tests, "-k", "test_c", "-s", "test_it.py", plain=True)
    finally:
        PYTEST.remove("-Xdev")
    assert result.ret == 0 and re.search(r"^(test_it.py )?True \[.*'-k', 'test_c', '-s', 'test_it.py'\]", result.stdout.str(), re.MULTILINE)


def test_keeps_the_recording(run, pytester):
    run(PEAK, "-k", "below", "--heapline-output", "kept.hpl").assert_outcomes(passed=1, deselected=10)
    done = subprocess.run([COMMAND, "leaks", "--json", "kept.hpl"], stdout=subprocess.PIPE, timeout=60)
    assert b'"verdict"' in done.stdout


def test_standard_input_is_the_terminal_s(pytester):
    pytester.makepyfile(test_it="import sys\ndef test_in(): assert sys.stdin.readline() == 'said\\n'")
    done = subprocess.run(PYTEST + ["--heapline", "-s"], input=b"said\n", stdout=subprocess.PIPE, timeout=200)
    assert done.returncode == 0, done.stdout.decode()


def test_plugin_from_a_conftest_and_from_a_call(pytester):
    pytester.makeconftest("pytest_plugins = ['heapline.pytest_plugin']")
    pytester.makepyfile(test_it="def test_in():\n    import heapline\n    assert heapline.is_recording() and 0")
    pytester.makepyfile(call="import pytest\nprint('status', int(pytest.main(['--heapline', '-p', 'no:cacheprovider', 'test_it.py'])))")
    result = pytester.run(sys.executable, "call.py", timeout=200)
    result.stdout.fnmatch_lines(["E       AssertionError: assert (True and 0)", "status 1"])


def test_without_the_command(run, pytester, monkeypatch):
    package = os.path.dirname(os.path.dirname(importlib.util.find_spec("heapline").origin))
    alone = pytester.mkdir("alone")
    os.symlink(os.path.join(package, "heapline"), str(alone / "heapline"))
    monkeypatch.setenv("PYTHONPATH", str(alone))
    monkeypatch.setenv("PATH", "/nowhere")
    result = run("def test_it(): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --heapline needs the command heapline, which is neither installed beside its package (*) nor on "
                                 "PATH: install heapline, or add the folder of its command to PATH"])


def test_signals_reach_the_session(pytester):
    pytester.makepyfile(test_it="""
        import os, signal
        def test_waits():
            open("waits", "w").close()
            signal.pause()
    """)
    session = subprocess.Popen(PYTEST + ["--heapline"], stdout=subprocess.PIPE, start_new_session=True)
    end = time.monotonic() + 120
    while not os.path.exists("waits") and time.monotonic() < end and session.poll() is None:
        time.sleep(0.05)
    session.send_signal(signal.SIGINT)
    output = session.communicate(timeout=120)[0].decode()
    assert session.returncode == pytest.ExitCode.INTERRUPTED, output
    assert "KeyboardInterrupt" in output


# ---- with other plugins ----

XDIST = """
    import pytest
    kept = []

    @pytest.mark.parametrize("n", range(6))
    def test_each(n):
        bytearray((n + 1) << 20)

    @pytest.mark.heapline_limit_leaks("1 KB")
    def test_left():
        kept.append(bytearray(5 << 20))
"""


def test_xdist(run):
    pytest.importorskip("xdist")
    result = run(XDIST, "-n", "2")
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines([
        "heapline: 5.00 MiB in * blocks is still live after the test, which allocated it, limit 1.00 KiB (heapline_limit_leaks)",
        "*= heapline: memory of 7 tests =*",
        "  6.0? MiB   6.0? MiB *B          -  test_it.py::test_each[[]5[]]",
        "*the lines of tests beyond their limits*",
        "test_it.py::test_left, what it left:",
        "*5.00 MiB left in ? blocks  test_it.py:10  kept.append(bytearray(5 << 20))"])


ASYNC = """
    import asyncio, pytest
    kept = []
    pytestmark = pytest.mark.asyncio

    @pytest.mark.heapline_limit_peak("1 MB")
    async def test_peak():
        await asyncio.sleep(0)
        bytearray(5 << 20)

    @pytest.mark.heapline_no_growth
    async def test_grows():
        await asyncio.sleep(0)
        kept.append(bytearray(1000))

    @pytest.mark.heapline_no_growth
    async def test_steady():
        await asyncio.gather(*(asyncio.sleep(0) for i in range(10)))
"""


def test_asyncio(run):
    pytest.importorskip("pytest_asyncio")
    result = run(ASYNC, "-p", "asyncio", "-W", "ignore")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines_random([
        "heapline: the peak was 5.0? MiB above what was live at the start, limit 1.00 MiB (heapline_limit_peak)",
        "heapline: live memory grows by 1.0* KiB an iteration (*), limit 0 B, over * iterations after * of warm-up (heapline_no_growth)"])
