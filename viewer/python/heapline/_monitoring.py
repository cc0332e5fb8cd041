"""Counting on CPython 3.12 and later: sys.monitoring calls us for the lines of the chosen code objects alone.

The functions stay as they are, and debuggers, coverage and profilers have tools of their own. A callback runs under the interpreter's lock and
contains no point where another thread could take it between reading a counter and writing it back.
"""
from __future__ import annotations

import sys
import types

from ._counts import BATCH, Counts, parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional, Tuple, TypeVar
    F = TypeVar("F", bound=Callable[..., Any])


_counted: Dict[int, Tuple[int, Any, Counts]] = {}
_tool: Optional[int] = None


def watch(function: F, code: types.CodeType) -> F:
    """Counts the function's lines from now on; returns the function itself."""
    if _tool is None:
        _start()
    known = _counted.get(id(code))
    if known is not None and known[2].code is code:
        return function                    # the same `def`, executed again
    counts = Counts(code)
    events = sys.monitoring.events
    for part in parts(code):
        if part is not code and id(part) in _counted:
            continue                       # a function within that is watched for itself
        _counted[id(part)] = counts.first, counts.table, counts
        own = events.PY_RETURN | events.PY_YIELD if part is code else 0
        # CPython 3.13.0 misses the first line of functions whose start nobody asked for.
        sys.monitoring.set_local_events(_tool, part, events.LINE | events.PY_START | own)
    return function


def _start() -> None:
    global _tool
    monitoring = sys.monitoring
    for number in (4, 3, monitoring.PROFILER_ID):
        if monitoring.get_tool(number) is None:
            monitoring.use_tool_id(number, "heapline")
            _tool = number
            break
    else:
        raise RuntimeError("every tool of sys.monitoring is taken")
    monitoring.register_callback(_tool, monitoring.events.LINE, _on_line)
    monitoring.register_callback(_tool, monitoring.events.PY_START, _on_start)
    monitoring.register_callback(_tool, monitoring.events.PY_RETURN, _on_pause)
    monitoring.register_callback(_tool, monitoring.events.PY_YIELD, _on_pause)


def _on_line(code: types.CodeType, line: int) -> None:
    first, table, counts = _counted[id(code)]
    line -= first
    count = table[line] + 1
    table[line] = count
    if not count % BATCH:
        counts.hand_over()


def _on_start(code: types.CodeType, offset: int) -> None:
    """A call is an execution of the line on which the function begins, as in memory_profiler's tables."""
    first, table, counts = _counted[id(code)]
    if counts.code is code:
        table[code.co_firstlineno - first] += 1


def _on_pause(code: types.CodeType, offset: int, value: object) -> None:
    _counted[id(code)][2].hand_over_if_due()
