"""The C functions of heapline.h in the running process, bound once; None in a process that is not profiled."""
from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Tuple


class Library:
    """What the package calls. What waits for an answer releases the interpreter's lock; all else keeps it: its facts belong to this
    moment, and two need it. So does a snapshot: while this thread has the lock no other is at work on Python's objects."""

    __slots__ = ("is_recording", "mark", "scope_begin", "scope_end", "python_watch", "python_executed", "disable", "enable", "snapshot",
                 "_live_bytes", "_leak_check", "_window", "_number", "_numbers", "_byref")

    def __init__(self, ctypes: Any) -> None:
        holding, waiting = ctypes.PyDLL(None), ctypes.CDLL(None)
        number, pointer = ctypes.c_int, ctypes.c_void_p
        text, address, unsigned = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_uint
        self.is_recording: Callable[[], int] = _function(holding.heapline_is_recording, ctypes.c_int)
        self.mark: Callable[[bytes], None] = _function(holding.heapline_mark, None, text)
        self.scope_begin: Callable[[bytes], None] = _function(holding.heapline_scope_begin, None, text)
        self.scope_end: Callable[[bytes], None] = _function(holding.heapline_scope_end, None, text)
        self.python_watch: Callable[[int], None] = _function(holding.heapline_python_watch, None, address)
        self.python_executed: Callable[[int, int, int], None] = _function(
            holding.heapline_python_executed, None, address, unsigned, unsigned)
        self.disable: Callable[[], None] = _function(holding.heapline_disable, None)
        self.enable: Callable[[], None] = _function(holding.heapline_enable, None)
        self.snapshot: Callable[[bytes], int] = _function(holding.heapline_snapshot, number, text)
        self._number, self._byref = ctypes.c_longlong, ctypes.byref
        self._numbers = ctypes.c_ulonglong * 9           # either struct: numbers of this kind, behind them at most an int
        self._live_bytes = _function(waiting.heapline_live_bytes, ctypes.c_longlong, ctypes.POINTER(ctypes.c_longlong))
        self._leak_check = _function(waiting.heapline_leak_check, number, pointer)
        self._window = _function(waiting.heapline_window, number, pointer, number)

    def usage(self) -> Optional[Tuple[int, int]]:
        """(live bytes, most so far) of this process; None when nobody answers."""
        peak = self._number(0)
        live = self._live_bytes(self._byref(peak))
        return (live, peak.value) if live >= 0 else None

    def leak_check(self) -> Optional[Tuple[Tuple[int, ...], bool]]:
        """(the eight figures of struct heapline_leaks in their order, complete?); None when nobody answers."""
        numbers = self._numbers()
        if self._leak_check(self._byref(numbers)) < 0:
            return None
        return tuple(numbers[:8]), numbers[8] & 0xffffffff != 0 if sys.byteorder == "little" else numbers[8] >> 32 != 0

    def room(self) -> Any:
        """For the figures of a window."""
        return self._numbers()

    def window(self, anew: bool, room: Any) -> bool:
        """Puts the six figures of struct heapline_window into room[0] to room[5], and leaves nothing behind that would show in the
        window. False: nobody answers."""
        return self._window(room, anew) == 0       # type: ignore[no-any-return]


def _function(function: Any, result: Any, *arguments: Any) -> Any:
    function.restype, function.argtypes = result, arguments
    return function


def _bind() -> Optional[Library]:
    if "HEAPLINE_SOCKET" not in os.environ:
        return None
    try:
        import ctypes
        return Library(ctypes)
    except (ImportError, OSError, AttributeError):       # no ctypes in this build, or started under heapline without its library
        return None


library = _bind()
