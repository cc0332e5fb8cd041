"""Moments and spans that reports can select: mark("loaded"), with scope("load"): ..."""
from __future__ import annotations


from ._library import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Callable, Optional, Type, TypeVar
    F = TypeVar("F", bound=Callable[..., Any])

LABEL_BYTES = 256      # of heapline.h

_mark = library.mark if library else None


def encode(label: str) -> bytes:
    """UTF-8 without NUL, cut between characters."""
    data = str(label).replace("\0", " ").encode("utf-8", "replace")
    return data if len(data) <= LABEL_BYTES else data[:LABEL_BYTES].decode("utf-8", "ignore").encode("utf-8")


def mark(label: str) -> None:
    """Names this moment; reports can begin or end there (--from, --to)."""
    if _mark is not None:
        _mark(encode(label))


class scope:
    """A span of this thread, for `with`, `async with`, or as a decorator of functions, generators and coroutines (--scope)."""

    __slots__ = ("_label",)

    def __init__(self, label: str) -> None:
        self._label = encode(label) if library else b""

    def __enter__(self) -> "scope":
        if library is not None:
            library.scope_begin(self._label)
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        if library is not None:
            library.scope_end(self._label)

    async def __aenter__(self) -> "scope":
        return self.__enter__()

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        if library is None:
            return function
        from ._wrap import wrap
        return wrap(function, self.__enter__, self._leave, whole=True)

    def _leave(self) -> None:
        self.__exit__(None, None, None)
