"""Under the real recorder: bytes of lines and of the process."""
import heapline
from heapline import profile

MIB = 1024 * 1024


@profile                                  #: 1
def held(n):
    kept = bytearray(n)                   #: 1
    gone = bytearray(2 * n)               #: 1
    del gone                              #: 1
    for _ in range(10):                   #: 11
        bytearray(n)                      #: 10
    return kept                           #: 1


assert heapline.is_recording()
before, peak = heapline.memory_usage(), heapline.peak_usage()
kept = held(20 * MIB)
after, new_peak = heapline.memory_usage(), heapline.peak_usage()
assert 20 * MIB <= after - before < 20.5 * MIB, (before, after)
assert 60 * MIB <= new_peak - before < 60.5 * MIB, (before, new_peak)
del kept
assert 19.9 * MIB < after - heapline.memory_usage() < 20.1 * MIB
assert heapline.peak_usage() >= new_peak > peak
