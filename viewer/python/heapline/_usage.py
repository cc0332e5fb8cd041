"""What heapline knows of this process at this moment."""
from __future__ import annotations


from ._library import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Tuple


def is_recording() -> bool:
    """True while this process is recorded by `heapline run`."""
    return library is not None and library.is_recording() != 0


def usage() -> Optional[Tuple[int, int]]:
    """(memory_usage(), peak_usage()) of one moment; None outside a profiled run."""
    return library.usage() if library is not None else None


def memory_usage() -> Optional[int]:
    """Live heap bytes of this process, native and Python, as heapline counts them; None outside a profiled run."""
    now = usage()
    return now[0] if now else None


def peak_usage() -> Optional[int]:
    """The most that memory_usage() would have said so far, in bytes; None outside a profiled run."""
    now = usage()
    return now[1] if now else None
