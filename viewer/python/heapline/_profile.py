"""The decorator that chooses functions for tables by line; it stands in for memory_profiler's."""
from __future__ import annotations

import sys
import types

from ._library import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, TypeVar, Union, overload
    F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    @overload
    def profile(func: F) -> F: ...
    @overload
    def profile(func: None = None, stream: Any = None, precision: int = 1, backend: str = "psutil") -> Callable[[F], F]: ...


def profile(func: Any = None, stream: Any = None, precision: int = 1, backend: str = "psutil") -> Union[Any, Callable[[Any], Any]]:
    """Has heapline keep this function's figures line by line, and counts the executions of its lines.

    `heapline run` prints the tables after the run. Outside a profiled run the function comes back as it is. The other arguments
    are memory_profiler's; heapline's figures do not depend on them.
    """
    if func is None:
        return profile
    return func if library is None else _watch(func)


def _watch(func: Any) -> Any:
    if isinstance(func, (classmethod, staticmethod)):
        return type(func)(_watch(func.__func__))
    code: Optional[types.CodeType] = getattr(func, "__code__", None)
    if not isinstance(code, types.CodeType):
        import warnings
        warnings.warn("heapline: %r has no lines to profile: it is not a function written in Python" % (func,), stacklevel=3)
        return func
    assert library is not None
    library.python_watch(id(code))
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return func                        # counters would need a lock that costs more than the lines
    if sys.version_info >= (3, 12):
        from ._monitoring import watch
    else:
        from ._tracing import watch
    return watch(func, code)
