"""heapline from inside a Python program: name moments and spans, ask for figures, choose functions for line tables.

All of it works in a process that runs under `heapline run` and does nothing, cheaply, everywhere else. Few
modules are imported: those of Python that the program does not use would show in its figures. (Hence TYPE_CHECKING without typing.)
"""
from ._leaks import LeakCheck, disable_leaks, leak_check, snapshot
from ._marks import mark, scope
from ._profile import profile
from ._usage import is_recording, memory_usage, peak_usage

__all__ = ["LeakCheck", "disable_leaks", "is_recording", "leak_check", "mark", "memory_usage", "peak_usage", "profile", "scope", "snapshot"]
__version__ = "0.1.0"
