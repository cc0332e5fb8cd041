"""How often the lines of a function ran, until it is handed over to heapline.

A table is a plain array, so that counting allocates nothing that stays: it must not show in the figures of the line that it counts.
What has not been handed over yet goes at exit, also by os._exit (which ends the children of multiprocessing) and exec.
"""
from __future__ import annotations

import array
import atexit
import functools
import os
import time
import types
import weakref

from ._library import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, List

BATCH = 4096               # executions of one line, a power of two
INTERVAL = 0.001           # seconds between hand-overs of one function
COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")

_all: "weakref.WeakSet[Counts]" = weakref.WeakSet()


class Counts:
    """The lines of one function: table[line - first]. The code object is kept, for its address must stay its own."""

    __slots__ = ("code", "first", "table", "_next", "__weakref__")

    def __init__(self, code: types.CodeType) -> None:
        lines = [line for part in parts(code) for line in lines_of(part)] + [code.co_firstlineno]
        self.code = code
        self.first = min(lines)
        self.table = array.array("Q", bytes(8 * (max(lines) - self.first + 1)))
        self._next = 0.0
        _all.add(self)

    def hand_over(self) -> None:
        table, first, address = self.table, self.first, id(self.code)
        for i in range(len(table)):
            count = table[i]
            if count:
                table[i] = 0       # no other thread can come in between: there is no call and no jump back
                _executed(address, first + i, count)

    def hand_over_if_due(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + INTERVAL
            self.hand_over()

    def forget(self) -> None:
        for i in range(len(self.table)):
            self.table[i] = 0


def parts(code: types.CodeType) -> Iterator[types.CodeType]:
    """A function's code and that of the functions within it, at any depth. A comprehension that stands on one line is a part of its line."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType) and not (inner.co_name in COMPREHENSIONS and len(set(lines_of(inner))) <= 1):
            yield from parts(inner)


def lines_of(code: types.CodeType) -> List[int]:
    """The lines that a code object's instructions stand on, but for the one that it begins on by itself (RESUME of 3.11 and later)."""
    if hasattr(code, "co_lines"):
        lines = [line for _, _, line in code.co_lines() if line]
    else:
        import dis
        lines = [line for _, line in dis.findlinestarts(code)]
    return lines


def _executed(address: int, line: int, count: int) -> None:
    assert library is not None
    while count:
        now = min(count, 0xffffffff)
        library.python_executed(address, line, now)
        count -= now


def _hand_over_all() -> None:
    for counts in list(_all):
        counts.hand_over()


def _forget_all() -> None:
    """In a forked child: what was counted so far is the parent's to hand over."""
    for counts in list(_all):
        counts.forget()


def _handing_over(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        _hand_over_all()
        return function(*args, **kwargs)
    return wrapper


def _at_every_end() -> None:
    atexit.register(_hand_over_all)
    os.register_at_fork(after_in_child=_forget_all)
    for name in ("_exit", "execv", "execve"):
        setattr(os, name, _handing_over(getattr(os, name)))


_at_every_end()
