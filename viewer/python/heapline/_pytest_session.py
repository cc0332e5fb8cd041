"""A pytest session under heapline: measures its tests, and in the process that prints, tells of all of them."""
from __future__ import annotations

import json
import os

import pytest

from ._pytest_measure import Limits, Measure
from ._units import format_bytes
from ._usage import is_recording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional
    from ._pytest_measure import Figures

PROPERTY = "heapline_"               # of reports: through them figures come from xdist's workers, and into JUnit's XML
COLUMNS = ("peak", "allocated", "left", "lost")


class Session:
    """Registered where --heapline was given. `folder`: where failures are left for the process that started this one; None: for nobody."""

    def __init__(self, config: Any, folder: Optional[str]) -> None:
        self.config = config
        self.folder = folder
        self.measures: Dict[str, Measure] = {}
        self.results: Dict[str, Dict[str, Any]] = {}
        self.calibrated = False
        self.is_worker = hasattr(config, "workerinput")

    # ---- running tests ----

    def pytest_collection_modifyitems(self, items: List[Any]) -> None:
        if items and not is_recording() and not self._is_distributed():
            raise pytest.UsageError("--heapline: this process is not recorded; tests that run in other places need heapline there")
        for item in items:
            Limits(item)

    def _is_distributed(self) -> bool:
        return not self.is_worker and bool(getattr(self.config.option, "tx", None))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> Iterator[None]:
        if not self.calibrated:
            self.calibrated = True
            Measure.calibrate()
        limits = Limits(item)
        measure = self.measures[item.nodeid] = Measure(limits, item.nodeid)
        if limits.fixtures:
            measure.begin()
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: Any) -> Iterator[None]:
        """The test's own function takes its time inside of all that pytest and other plugins do around it."""
        runtest, measure = item.runtest, self.measures[item.nodeid]
        item.runtest = lambda: self._run(item, runtest, measure)
        yield
        del item.runtest

    def _run(self, item: Any, runtest: Any, measure: Measure) -> None:
        def run() -> bool:
            function = item.__dict__.get("_obj")
            runtest()
            if item.__dict__.get("_obj") is not function:
                item._obj = function                      # plugins for coroutines wrap it, each time
            return not getattr(item, "_excinfo", None)    # unittest keeps its failures there
        passed = all(run() for _ in range(measure.limits.warmups))
        if not measure.limits.fixtures:
            measure.begin()
        outcome: Optional[BaseException] = None
        try:
            if passed:
                measure.repeat(run)
                passed = not getattr(item, "_excinfo", None)
        except BaseException as error:
            outcome, passed = error, False
            raise
        finally:
            skipped = isinstance(outcome, pytest.skip.Exception)
            outcome = None                                # or this frame would hold itself
            if not measure.limits.fixtures and not skipped:
                self._finish(item, measure, passed)
        self._fail(item, measure)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: Any) -> Iterator[None]:
        outcome = yield
        measure = self.measures.pop(item.nodeid, None)
        if measure is None or not measure.limits.fixtures or outcome is None:
            return
        getattr(item, "funcargs", {}).clear()             # what its fixtures gave it; pytest drops that only later
        self._finish(item, measure, outcome.excinfo is None and not self._has_failed(item))
        try:
            self._fail(item, measure)
        except pytest.fail.Exception as error:
            if not hasattr(outcome, "force_exception"):   # pluggy before 1.1
                raise
            outcome.force_exception(error)

    def _has_failed(self, item: Any) -> bool:
        return bool(self.results.get(item.nodeid, {}).get("not_passed"))

    def _finish(self, item: Any, measure: Measure, passed: bool) -> None:
        figures = measure.end(passed)
        # Those of a run before are gone, when the test is run again.
        item.user_properties[:] = [pair for pair in item.user_properties if not str(pair[0]).startswith(PROPERTY)]
        if figures is None:
            measure.problems.append(("peak", "could not be checked: the recording gave no answer"))
            return
        if passed:
            measure.judge(figures)
        self._tell(item, figures)

    def _tell(self, item: Any, figures: Figures) -> None:
        for name in COLUMNS:
            value = getattr(figures, name)
            if value is not None:
                item.user_properties.append(("%s%s_bytes" % (PROPERTY, name), value))

    def _fail(self, item: Any, measure: Measure) -> None:
        limits = measure.limits
        problems, measure.problems = measure.problems, []
        if not problems or (limits.peak is None and limits.leaks is None and limits.growth is None):
            return
        item.user_properties.append((PROPERTY + "process", os.getpid()))
        item.user_properties.append((PROPERTY + "failed", ",".join(kind for kind, _ in problems)))
        pytest.fail("\n".join("heapline: " + sentence for _, sentence in problems), pytrace=False)

    # ---- telling ----

    def pytest_runtest_logreport(self, report: Any) -> None:
        result = self.results.setdefault(report.nodeid, {})
        if not report.passed:
            result["not_passed"] = True
        for name, value in report.user_properties:
            if isinstance(name, str) and name.startswith(PROPERTY):
                result[name[len(PROPERTY):]] = value
        if report.when == "teardown" and not any(key != "not_passed" for key in result):
            del self.results[report.nodeid]               # skipped: there is nothing to tell

    def _failures(self) -> List[Dict[str, Any]]:
        """For _pytest_lines."""
        what = {"peak": "what it allocated", "left": "what it left", "growth": "what grew"}
        return [{"test": nodeid, "kind": kind, "what": what[kind], "process": result["process"],
                 "label": nodeid + (" [iteration]" if kind == "growth" else "")}
                for nodeid, result in self.results.items() for kind in sorted(set(result.get("failed", "").split(","))) if kind in what]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        if self.folder and not self.is_worker:
            with open(os.path.join(self.folder, "failures"), "w", encoding="utf-8") as file:
                json.dump(self._failures(), file)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        top = self.config.option.heapline_top
        rows = sorted(((nodeid, result) for nodeid, result in self.results.items() if "peak_bytes" in result),
                      key=lambda row: (-row[1]["peak_bytes"], row[0]))
        if not rows or top <= 0:
            return
        title = "memory of %d tests" % len(rows) if len(rows) > 1 else "memory of the test"
        if len(rows) > top:
            title = "the %d of %d tests with the highest peaks" % (top, len(rows))
        terminalreporter.section("heapline: " + title)
        terminalreporter.line("%10s %10s %10s %10s  test" % COLUMNS)
        for nodeid, result in rows[:top]:
            cells = [result.get(name + "_bytes") for name in COLUMNS]
            terminalreporter.line("%10s %10s %10s %10s  %s" % (*("-" if cell is None else format_bytes(cell) for cell in cells), nodeid))
        failures = self._failures()
        if failures and self.folder is None:
            label = failures[0]["label"]
            terminalreporter.line("where: heapline lines --from '%s' --to '%s' FILE, with the FILE of this recording" % (label, label))
