"""A script written for memory_profiler, unchanged."""
import logging
import sys
import time

from memory_profiler import LogFile, memory_usage, profile


@profile(precision=4, stream=sys.stderr)                #: 3
def decorated(n, extra=0):
    return [n] * 2 + [extra]                            #: 3


def slow(n, extra=0):
    time.sleep(0.05)
    return n + extra


now = memory_usage()
assert now == [3.0] and isinstance(now[0], float), now
figures, value = memory_usage((slow, (1,), {"extra": 2}), interval=0.001, retval=True)
assert value == 3 and figures[0] == 4.0, figures
assert sorted(figures)[-1] == 100.0 > 60 > sorted(figures)[-2], figures     # a new peak stands among the figures once
stamped = memory_usage((decorated, (1,)), timestamps=True)
assert all(abs(time.time() - when) < 60 for _, when in stamped)
assert isinstance(memory_usage((decorated, (1,)), max_usage=True), float)
assert len(memory_usage(timeout=0.03, interval=0.01)) == 3
try:
    memory_usage((decorated, ()))
    raise AssertionError("no error")
except TypeError:
    pass
assert decorated(1) == [1, 1, 0]
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
log = LogFile("log", reportIncrementFlag=True)
log.write("   3   38.8 MiB    0.0 MiB   1   a = 1")
log.write("   4   46.4 MiB    7.6 MiB   1   b = 1")
log.flush()
