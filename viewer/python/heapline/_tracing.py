"""Counting before CPython 3.12: sys.settrace, in a thread only while a profiled function is at work in it.

Each thread counts in tables of its own: before 3.10 another thread can come in between reading a counter and writing it back. A trace function
that was there before (a debugger's, coverage's) gets all its events through ours, and stands there again afterwards. If it takes
our place in the middle of a call, as coverage's does for speed and a debugger's when it ends, ours steps in front of it again. What cannot
be kept: a debugger that takes the trace functions off the running frames ends counting for the calls that are under way.
"""
from __future__ import annotations

import dis
import sys
import threading
import types

from ._counts import BATCH, Counts, parts
from ._wrap import wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, FrozenSet, Optional, Tuple, TypeVar
    F = TypeVar("F", bound=Callable[..., Any])
    Local = Callable[[types.FrameType, str, Any], Any]

if sys.version_info < (3, 11):
    from ._ctrace import set_trace
else:
    set_trace = None


_watched: Dict[int, Tuple[types.CodeType, types.CodeType]] = {}        # id of code: the code, the function's code whose table it counts in


def watch(function: F, code: types.CodeType) -> F:
    """Counts the function's lines while it runs; returns a wrapper of its own kind."""
    for part in parts(code):
        if part is code or id(part) not in _watched:       # a function within that is watched for itself stays so
            _watched[id(part)] = part, code
    return wrap(function, _begin, _end, whole=False)


class Tracer(threading.local):
    """One thread's counting."""

    def __init__(self) -> None:
        self.depth = 0
        self.other: Optional[Local] = None            # the trace function whose place ours took
        self.counts: Dict[int, Counts] = {}           # by id of the function's code
        self.counters: Dict[int, Local] = {}          # by id of any code
        self.mine: Local = self.on_call
        self.hurry = threading.current_thread() is not threading.main_thread()       # nobody looks after the tables of an ended thread

    def install(self) -> None:
        current: Any = sys.gettrace()
        if current is not self.mine:
            self.other = current
            if current is None and set_trace is not None:
                set_trace(self.mine)
            else:
                sys.settrace(self.mine)

    def remove(self) -> None:
        if sys.gettrace() is self.mine:
            sys.settrace(self.other)
        self.other = None

    def hand_over(self) -> None:
        for counts in self.counts.values():
            if self.hurry:
                counts.hand_over()
            else:
                counts.hand_over_if_due()

    def on_call(self, frame: types.FrameType, event: str, arg: Any) -> Optional[Local]:
        if event != "call":                            # at the C interface lines come here, too
            counter = self.counters.get(id(frame.f_code))
            return counter and counter(frame, event, arg)
        theirs = self.pass_on(self.other, frame, event, arg) if self.other is not None else None
        if id(frame.f_code) not in _watched:
            return theirs
        counter = self.counters.get(id(frame.f_code)) or self.make_counter(frame.f_code)
        counter(frame, event, arg)
        return counter if theirs is None else self.chain(counter, theirs)

    def pass_on(self, function: Local, frame: types.FrameType, event: str, arg: Any) -> Any:
        result = function(frame, event, arg)
        self.install()
        return result

    def chain(self, counter: Local, theirs: Local) -> Local:
        def local(frame: types.FrameType, event: str, arg: Any) -> Local:
            nonlocal theirs
            counter(frame, event, arg)
            theirs = self.pass_on(theirs, frame, event, arg) or theirs
            return local
        return local

    def make_counter(self, code: types.CodeType) -> Local:
        owner = _watched[id(code)][1]
        counts = self.counts.get(id(owner))
        if counts is None:
            counts = self.counts[id(owner)] = Counts(owner)
        counter = _counter(code, counts, counts.first, counts.table)
        self.counters[id(code)] = counter
        return counter


def _counter(code: types.CodeType, counts: Counts, first: int, table: Any) -> Local:
    """The trace function of a code object's frames in one thread, with nothing left to look up."""
    again = _come_round(code)
    start = _start(code) if code is counts.code else None

    def counter(frame: types.FrameType, event: str, arg: Any) -> Local:
        if event == "line":
            if frame.f_lasti not in again:
                line = frame.f_lineno - first
                count = table[line] + 1
                table[line] = count
                if not count % BATCH:
                    counts.hand_over()
        elif event == "call" and frame.f_lasti == start:
            table[code.co_firstlineno - first] += 1
        return counter
    return counter


def _start(code: types.CodeType) -> int:
    """Where a frame stands when it is called for the first time and not resumed: a call counts as an execution of the first line."""
    resume = dis.opmap.get("RESUME")
    if resume is None:
        return -1
    instructions = code.co_code
    return next(i for i in range(0, len(instructions), 2) if instructions[i] == resume)


def _come_round(code: types.CodeType) -> FrozenSet[int]:
    """Where a loop that stands on one line comes round: an event, but no new execution of the line. (sys.monitoring has no event there.)"""
    starts = dict(dis.findlinestarts(code))
    offsets = set()
    lines: Dict[int, Optional[int]] = {}
    line = None
    for instruction in dis.get_instructions(code):
        line = starts.get(instruction.offset, line)
        lines[instruction.offset] = line
        if instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs:
            target = instruction.argval
            if target <= instruction.offset and lines[target] == line and target not in starts:
                offsets.add(target)
    return frozenset(offsets)


_tracer = Tracer()


def _begin() -> None:
    _tracer.install()
    _tracer.depth += 1


def _end() -> None:
    _tracer.depth -= 1
    if not _tracer.depth:
        _tracer.remove()
        _tracer.hand_over()
