"""Stands in for memory_profiler in programs that run under heapline: the same names, heapline's exact figures.

What is missing here, and what needs a look at other processes, comes from the real module where it is installed.
"""
import logging
import os
import sys
import threading
import time

import _heapline_compat

_heapline_compat.offer_package()

from heapline import is_recording, profile     # noqa: E402  it may have to be offered first
from heapline._usage import usage              # noqa: E402

__all__ = ["LogFile", "memory_usage", "profile"]
__version__ = "0.61.0"                 # whose interface this is

_MIB = 1024.0 * 1024.0
_real_module = None


def memory_usage(proc=-1, interval=.1, timeout=None, timestamps=False, include_children=False, multiprocess=False, max_usage=False,
                 retval=False, stream=None, backend=None, max_iterations=None):
    """Live heap in MiB, by heapline's count, of this process: now, for `timeout` seconds, or while proc, a function or (function, args,
    kwargs), runs. A function runs once, and a peak between two looks is among the figures. Other processes: the real memory_profiler."""
    call = _call_of(proc)
    own = call is not None or proc in (-1, os.getpid(), str(os.getpid()))
    if not own or include_children or multiprocess or not is_recording():
        return _real("memory_usage of another process, or outside a recorded one,").memory_usage(
            proc, interval, timeout, timestamps, include_children, multiprocess, max_usage, retval, stream, backend, max_iterations)
    samples = _Samples()
    returned = None
    if call is not None:
        returned = samples.take_during(call, interval)
    else:
        samples.take(max(1, round(timeout / interval)) if timeout is not None else 1, interval)
    figures = samples.figures(timestamps or stream is not None, max_usage)
    if stream is not None:
        for sample in samples.all:
            stream.write("MEM %.6f %.4f\n" % sample)
        figures = None
    return (figures, returned) if retval and call is not None else figures


def _call_of(proc):
    """(function, args, kwargs), or None when it is not a function that shall run."""
    if callable(proc):
        return proc, (), {}
    if isinstance(proc, (list, tuple)):
        if not 1 <= len(proc) <= 3:
            raise ValueError("memory_usage takes (function, args, kwargs)")
        return (tuple(proc) + ((), {})[len(proc) - 1:])[:3]
    return None


class _Samples:
    """Live MiB and the time, again and again. A new peak of the process since the look before stands before the look."""

    def __init__(self):
        self.all = []
        self.peak = None
        self.look()

    def look(self):
        figures, now = usage(), time.time()
        if figures is None:
            return
        live, peak = figures
        if self.peak is not None and peak > max(self.peak, live):
            self.all.append((peak / _MIB, now))
        self.peak = peak
        self.all.append((live / _MIB, now))

    def take(self, number, interval):
        for _ in range(number - 1):
            time.sleep(interval)
            self.look()

    def take_during(self, call, interval):
        ended = threading.Event()

        def watch():
            while not ended.wait(interval):
                self.look()

        watcher = threading.Thread(target=watch, name="memory_usage", daemon=True)
        watcher.start()
        function, args, kwargs = call
        try:
            return function(*args, **kwargs)
        finally:
            ended.set()
            watcher.join()
            self.look()

    def figures(self, timestamps, max_usage):
        figures = self.all if timestamps else [live for live, _ in self.all]
        return max(figures, default=-1) if max_usage else figures


class LogFile(object):
    """A file that passes what is written to the logger of that name; with reportIncrementFlag only a table's heads and rows that grew."""

    def __init__(self, name=None, reportIncrementFlag=False):
        self.logger = logging.getLogger(name)
        self.reportIncrementFlag = reportIncrementFlag

    def write(self, msg, level=logging.INFO):
        if not self.reportIncrementFlag or "Filename:" in msg or "Line Contents" in msg or self._grew(msg):
            self.logger.log(level, msg)

    @staticmethod
    def _grew(msg):
        parts = msg.split("MiB")
        return len(parts) > 1 and float(parts[1]) > 0

    def flush(self):
        for handler in self.logger.handlers:
            handler.flush()


def _real(what):
    """The memory_profiler that this one hides. It does not become the imported module: that one stays."""
    global _real_module
    if _real_module is None:
        from importlib.util import module_from_spec
        spec = _heapline_compat.hidden_spec("memory_profiler")
        if spec is None:
            raise RuntimeError("%s is not among what heapline stands in for, and memory_profiler is not installed" % what)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        _real_module = module
    return _real_module


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return getattr(_real("memory_profiler." + name), name)
    except RuntimeError as error:
        raise AttributeError(str(error)) from None


def _main():
    """python -m memory_profiler SCRIPT: a bare @profile works in it; heapline prints the tables after the run."""
    import argparse
    import runpy
    parser = argparse.ArgumentParser(prog="python -m memory_profiler", description=_main.__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    for option in ("--precision", "-o", "--backend"):
        parser.add_argument(option, help="accepted; the tables are heapline's")
    parser.add_argument("--include-children", action="store_true", help="accepted; heapline records children anyway")
    parser.add_argument("program", help="script (.py) or module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    _heapline_compat.offer_profile()
    sys.argv = [options.program] + options.arguments
    if options.program.endswith(".py"):
        sys.path[0] = os.path.dirname(os.path.abspath(options.program))
        runpy.run_path(options.program, run_name="__main__")
    else:
        runpy.run_module(options.program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
