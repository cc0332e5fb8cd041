"""The C functions of heapline.h in the running process, bound once; None in a process that is not profiled."""
from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Tuple


class Library:
    """What the package calls. All but live_bytes keep the interpreter's lock: their facts belong to this moment, and two need it."""

    __slots__ = ("is_recording", "mark", "scope_begin", "scope_end", "python_watch", "python_executed", "_live_bytes", "_number", "_byref")

    def __init__(self, ctypes: Any) -> None:
        holding = ctypes.PyDLL(None)
        text, address, unsigned = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_uint
        self.is_recording: Callable[[], int] = _function(holding.heapline_is_recording, ctypes.c_int)
        self.mark: Callable[[bytes], None] = _function(holding.heapline_mark, None, text)
        self.scope_begin: Callable[[bytes], None] = _function(holding.heapline_scope_begin, None, text)
        self.scope_end: Callable[[bytes], None] = _function(holding.heapline_scope_end, None, text)
        self.python_watch: Callable[[int], None] = _function(holding.heapline_python_watch, None, address)
        self.python_executed: Callable[[int, int, int], None] = _function(
            holding.heapline_python_executed, None, address, unsigned, unsigned)
        self._number, self._byref = ctypes.c_longlong, ctypes.byref
        self._live_bytes = _function(ctypes.CDLL(None).heapline_live_bytes, ctypes.c_longlong, ctypes.POINTER(ctypes.c_longlong))

    def usage(self) -> Optional[Tuple[int, int]]:
        """(live bytes, most so far) of this process; None when nobody answers."""
        peak = self._number(0)
        live = self._live_bytes(self._byref(peak))
        return (live, peak.value) if live >= 0 else None


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
