"""A trace function at the interpreter's C interface, for CPython up to 3.10.

There sys.settrace copies a frame's variables into a dictionary at every event, which keeps what a line deletes or replaces alive until the
next line: its bytes would be missed in the wrong place. Only for threads without another trace function, whose user wants that dictionary.
"""
from __future__ import annotations

import ctypes
import types

from ._wrap import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable
    OnEvent = Callable[[types.FrameType, str, Any], Any]

CALL, LINE = 0, 2                      # PyTrace_* of cpython/pystate.h
GENERATOR = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


_prototype: Any = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.py_object, ctypes.c_int, ctypes.c_void_p)
_set_trace = ctypes.pythonapi.PyEval_SetTrace
_set_trace.restype, _set_trace.argtypes = None, (_prototype, ctypes.py_object)


@_prototype
def _on_event(function: OnEvent, frame: types.FrameType, what: int, arg: Any) -> int:
    if what == LINE:
        function(frame, "line", None)
    elif what == CALL and function(frame, "call", None) is None and not frame.f_code.co_flags & GENERATOR:
        frame.f_trace_lines = False    # of this call; a generator's frame would carry it to whoever traces next
    return 0


def set_trace(function: OnEvent) -> None:
    """As sys.settrace, and sys.gettrace returns it; but calls it for the lines of every frame for whose call it did not return None."""
    _set_trace(_on_event, function)
