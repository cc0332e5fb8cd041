"""Snapshots, and what they find: snapshot("loaded"), leak_check(), with disable_leaks(): ..."""
from __future__ import annotations

from ._library import library
from ._marks import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Optional, Type


class LeakCheck:
    """Bytes and blocks of this process's heap by what leads to them."""

    __slots__ = ("lost_bytes", "lost_blocks", "indirect_bytes", "indirect_blocks", "possible_bytes", "possible_blocks",
                 "reachable_bytes", "reachable_blocks", "complete")

    lost_bytes: int                  # nothing leads to them
    lost_blocks: int
    indirect_bytes: int              # only lost blocks lead to them
    indirect_blocks: int
    possible_bytes: int              # only pointers into their inside lead to them
    possible_blocks: int
    reachable_bytes: int
    reachable_blocks: int
    complete: bool                   # False: some memory could not be searched

    def __init__(self, *values: int) -> None:
        for name, value in zip(self.__slots__, values):
            setattr(self, name, value)

    def __repr__(self) -> str:
        return "LeakCheck(%s)" % ", ".join("%s=%r" % (name, getattr(self, name)) for name in self.__slots__)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, LeakCheck) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)


def snapshot(label: str) -> bool:
    """Takes a snapshot of the heap: which blocks there are and what holds each (`heapline leaks --label`). The process stands still while it is
    forked. True: taken, though the search goes on; False: not recorded, or another snapshot is under way."""
    return library is not None and library.snapshot(encode(label)) == 0


def leak_check() -> Optional[LeakCheck]:
    """Takes a snapshot and waits for what it finds. None: not recorded, or no answer."""
    found = library.leak_check() if library is not None else None
    return LeakCheck(*found[0], found[1]) if found else None


class disable_leaks:
    """What this thread allocates inside of `with disable_leaks():` is no leak. Nests."""

    __slots__ = ()

    def __enter__(self) -> None:
        if library is not None:
            library.disable()

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        if library is not None:
            library.enable()
