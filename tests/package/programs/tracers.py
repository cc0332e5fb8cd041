"""A trace function that was there first sees every event that it saw without heapline, and stands there afterwards: tracers.py KIND"""
import sys

from heapline import profile

seen = []


@profile                                  #: 2
def profiled(n):
    total = 0                             #: 2
    for i in range(n):                    #: 6
        total += helper(i)                #: 4
    return total                          #: 2


def helper(i):
    return i + 1


def traced(frame, event, arg):
    if frame.f_code.co_filename == __file__ and frame.f_code.co_name in ("profiled", "helper", "main"):
        seen.append((frame.f_code.co_name, event, frame.f_lineno))
    return traced


class Selfish:
    """Takes the first place at every call, as coverage does for speed."""

    def __call__(self, frame, event, arg):
        if event == "call":
            sys.settrace(self)
        traced(frame, event, arg)
        return self


def main():
    profiled(2)
    profiled(2)


tracer = {"plain": traced, "selfish": Selfish()}[sys.argv[1]]
sys.settrace(tracer)
main()
last = sys.gettrace()
sys.settrace(None)
assert last is tracer, last
for event in seen:
    print(*event)
