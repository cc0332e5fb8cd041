"""One test's memory: a window of time of its process, and what its markers make of the figures."""
from __future__ import annotations

import array
import gc
import sys

import pytest

from ._library import library
from ._marks import encode
from ._trend import LEAST, judge
from ._units import format_bytes, parse_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple, Union

LEAST_ITERATIONS = 12
TYPES_SHOWN = 5
MORE = 4                     # iterations in which the objects are counted of what grows


class Limits:
    """What the markers of a test say. ValueError and TypeError: they say it wrong."""

    def __init__(self, item: Any) -> None:            # None: there are none
        self.peak: Optional[int] = None
        self.leaks: Optional[int] = None
        self.objects: Optional[int] = None
        self.iterations = 1
        self.growth: Optional[int] = None
        self.warmups = 0
        self.fixtures = False
        for name, take in (("heapline_limit_peak", self._peak), ("heapline_limit_leaks", self._leaks), ("heapline_no_growth", self._growth)):
            marker = item.get_closest_marker(name) if item is not None else None
            if marker is None:
                continue
            try:
                take(*marker.args, **marker.kwargs)
            except (TypeError, ValueError) as error:
                text = str(error).replace("Limits._peak()", name).replace("Limits._leaks()", name).replace("Limits._growth()", name)
                raise pytest.UsageError("%s: %s: %s" % (item.nodeid, name, text))

    def _peak(self, limit: Union[str, int], fixtures: bool = False) -> None:
        self.peak = parse_bytes(limit)
        self.fixtures |= fixtures

    def _leaks(self, limit: Union[str, int], objects: Optional[int] = None, warmups: int = 0, fixtures: bool = False) -> None:
        self.leaks, self.objects, self.warmups = parse_bytes(limit), objects, warmups
        self.fixtures |= fixtures

    def _growth(self, iterations: int = 20, limit: Union[str, int] = 0) -> None:
        if iterations < LEAST_ITERATIONS:
            raise ValueError("%d iterations say nothing: at least %d are needed" % (iterations, LEAST_ITERATIONS))
        self.iterations, self.growth = iterations, parse_bytes(limit)


class Figures:
    """Of one test; in bytes. None: not known."""

    def __init__(self, peak: int, allocated: int) -> None:
        self.peak, self.allocated = peak, allocated
        self.left: Optional[int] = None
        self.left_blocks = 0
        self.lost: Optional[int] = None
        self.lost_blocks = 0
        self.objects: Dict[str, int] = {}


class Measure:
    """Between begin() and end() the test runs. What is garbage is collected before both count."""

    def __init__(self, limits: Limits, label: str) -> None:
        self.limits = limits
        self.label = encode(label)
        self.iteration = encode(label + " [iteration]")
        self.problems: List[Tuple[str, str]] = []           # kind, sentence
        assert library is not None
        self.before, self.busy, self.after = library.room(), library.room(), library.room()

    def begin(self) -> None:
        """Nothing of ours may be made from the window's beginning to its end that stays."""
        assert library is not None
        tidy()
        self.checked = library.leak_check() if self.limits.leaks is not None else None
        self.objects = count_objects() if self.limits.leaks is not None else {}
        library.mark(self.label)
        self.answered = library.window(True, self.before)

    def end(self, passed: bool) -> Optional[Figures]:
        """None: the recording gave no answer. What a test that failed left is not counted: its traceback holds it."""
        assert library is not None
        self.answered &= library.window(False, self.busy)
        tidy()
        library.mark(self.label)
        self.answered &= library.window(False, self.after)
        objects = count_objects() if passed and self.limits.leaks is not None else {}
        if not self.answered:
            return None
        figures = Figures(max(0, self.busy[1] - self.before[0] - self.own[0]), self.busy[2])
        if passed:
            figures.left, figures.left_blocks = max(0, self.after[4] - self.own[1]), max(0, self.after[5] - self.own[2])
            if self.limits.leaks is not None:
                self._count_leaks(figures, objects)
        return figures

    def _count_leaks(self, figures: Figures, objects: Dict[str, int]) -> None:
        assert library is not None
        figures.objects = more_objects(self.objects, objects)
        now, before = library.leak_check(), self.checked
        if now is not None and before is not None:
            figures.lost, figures.lost_blocks = max(0, now[0][0] - before[0][0]), max(0, now[0][1] - before[0][1])

    # Peak, left bytes and blocks of asking alone: the questions' own arguments, while they are asked.
    own: Tuple[int, int, int] = (0, 0, 0)

    @classmethod
    def calibrate(cls) -> None:
        """Measures nothing, a few times: the last is as it will always be."""
        for _ in range(3):
            nothing = cls(Limits(None), "heapline: nothing")
            nothing.begin()
            nothing.end(False)
        cls.own = max(0, nothing.busy[1] - nothing.before[0]), nothing.after[4], nothing.after[5]

    # ---- many iterations ----

    def repeat(self, run: Callable[[], bool]) -> None:
        """Runs the test so often as its markers say; run() says whether to go on. What holds the figures is there before the first."""
        if self.limits.growth is None:
            run()
            return
        assert library is not None
        n, warm_up = self.limits.iterations, max(3, self.limits.iterations // 4)
        live, blocks = array.array("q", bytes(8 * n)), array.array("q", bytes(8 * n))
        for i in range(n):
            if not run():
                return
            tidy()
            now = library.usage()
            if now is None:
                self.problems.append(("growth", "could not be checked: the recording gave no answer"))
                return
            live[i], blocks[i] = now[0], sys.getallocatedblocks()
            if i >= warm_up:
                library.mark(self.iteration)
        self._judge_growth(live.tolist(), blocks.tolist(), warm_up, run)

    def _judge_growth(self, live: List[int], blocks: List[int], warm_up: int, run: Callable[[], bool]) -> None:
        limit = self.limits.growth or 0
        growth = judge(live, warm_up, limit)
        if growth is not None:
            sizes = [format_bytes(round(value)) for value in (growth.slope, growth.low, growth.high, limit)]
            text = "live memory grows by %s an iteration (%s to %s), limit %s" % tuple(sizes)
        else:
            growth = judge(blocks, warm_up, 0) if not limit else None
            if growth is None:
                return
            text = "the number of Python's memory blocks grows by %.3g an iteration (%.3g to %.3g)" % growth[:3]
        text += ", over %d iterations after %d of warm-up (heapline_no_growth)" % (len(live) - growth.first, growth.first)
        before = count_objects()
        if all(run() for _ in range(MORE)):
            tidy()
            objects = {name: count / MORE for name, count in more_objects(before, count_objects()).items() if count >= MORE}
            text += _types("new objects an iteration", objects)
        self.problems.append(("growth", text))

    # ---- judgement ----

    def judge(self, figures: Figures) -> None:
        limits = self.limits
        if limits.peak is not None and figures.peak > limits.peak:
            self.problems.append(("peak", "the peak was %s above what was live at the start, limit %s (heapline_limit_peak)"
                                  % _compared(figures.peak, limits.peak)))
        if limits.leaks is None or figures.left is None:
            return
        if figures.left > limits.leaks:
            value, limit = _compared(figures.left, limits.leaks)
            self.problems.append(("left", "%s in %s is still live after the test, which allocated it, limit %s (heapline_limit_leaks)%s" % (
                value, _blocks(figures.left_blocks), limit,
                _types("new objects", figures.objects))))
        elif limits.objects is not None and sum(figures.objects.values()) > limits.objects:
            self.problems.append(("left", "%s new objects are still there after the test, limit %s (heapline_limit_leaks)%s" % (
                format(sum(figures.objects.values()), ","), format(limits.objects, ","), _types("new objects", figures.objects))))
        if figures.lost is not None and figures.lost > limits.leaks:
            value, limit = _compared(figures.lost, limits.leaks)
            self.problems.append(("left", "%s in %s is lost: nothing leads there any more, limit %s (heapline_limit_leaks)" % (
                value, _blocks(figures.lost_blocks), limit)))


_clear_caches: Callable[[], None] = getattr(sys, "_clear_internal_caches", None) or getattr(sys, "_clear_type_cache", None) or (lambda: None)


def tidy() -> None:
    """Collects garbage, and the interpreter's cache of attributes: it holds up to 4,096 names, and programs that make names fill it slowly."""
    gc.collect()
    _clear_caches()


def _compared(value: int, limit: int) -> Tuple[str, str]:
    texts = format_bytes(value), format_bytes(limit)
    return texts if texts[0] != texts[1] else (format(value, ",") + " B", format(limit, ",") + " B")


def _blocks(count: int) -> str:
    return "1 block" if count == 1 else format(count, ",") + " blocks"


def _types(what: str, counts: Dict[str, Any]) -> str:
    """A line more of a message; nothing when there is nothing to tell."""
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TYPES_SHOWN]
    return "\n  %s: %s" % (what, ", ".join("%s %s" % (format(count, ",.4g") if isinstance(count, float) else format(count, ","), name)
                                             for name, count in largest)) if largest else ""


def count_objects() -> Dict[str, int]:
    """How many there are of each type, of those that the cyclic collector knows. By name: types must not be kept alive."""
    counts: Dict[type, int] = {}
    for thing in gc.get_objects():
        kind = type(thing)
        counts[kind] = counts.get(kind, 0) + 1
    names: Dict[str, int] = {}
    for kind, count in counts.items():
        name = kind.__qualname__ if kind.__module__ == "builtins" else "%s.%s" % (kind.__module__, kind.__qualname__)
        names[name] = names.get(name, 0) + count
    return names


def more_objects(before: Dict[str, int], after: Dict[str, int]) -> Dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}


assert LEAST_ITERATIONS - max(LEAST_ITERATIONS // 3, LEAST_ITERATIONS // 4) >= LEAST
