"""C calls Python: sorted, map, reduce, min, ctypes, __del__, weakref callbacks, comparisons, iterators, gc, trace hooks,
imports."""
import ctypes
import functools
import gc
import itertools
import re
import sys
import weakref
from stackprobe import call, call_in_thread, probe


def key(n):
    probe("key of sorted")
    return n


class Ordered:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        probe("__lt__")
        return self.n < other.n

    def __hash__(self):
        probe("__hash__")
        return 7

    def __eq__(self, other):
        probe("__eq__")
        return self.n == other.n

    def __str__(self):
        probe("__str__")
        return "ordered"

    def __iter__(self):
        probe("__iter__")
        return iter([1, 2])

    def __len__(self):
        return probe("__len__")


class Finalized:
    def __del__(self):
        probe("__del__")


class Sequence:
    def __getitem__(self, index):
        probe("__getitem__")
        if index > 1:
            raise IndexError(index)
        return index


sorted([2, 1], key=key)
[3, 1].sort(key=lambda n: probe("lambda of sort"))
list(map(lambda n: probe("map"), range(2)))
list(filter(lambda n: probe("filter"), range(2)))
functools.reduce(lambda a, b: probe("reduce"), range(3))
min([2, 1], key=key)
sorted([Ordered(2), Ordered(1)])
{Ordered(1): 1, Ordered(2): 2}
str(Ordered(1))
"%s" % Ordered(1)
f"{Ordered(1)}"
list(Ordered(1))
list(Sequence())
re.sub("a", lambda m: "b" if probe("re.sub") else "", "aa")
list(itertools.starmap(lambda a: probe("starmap"), [(1,)]))
functools.partial(probe, "partial of C")()
functools.partial(lambda: probe("partial of Python"))()
functools.lru_cache(maxsize=None)(lambda n: probe("lru_cache"))(1)
Finalized()
held = Finalized()
del held
held = [Finalized()]
held.append(held)
del held
gc.collect()


class Referred:
    pass


referred = Referred()
reference = weakref.ref(referred, lambda r: probe("weakref callback"))
del referred
weakref.finalize(key, lambda: None).detach()
call(lambda: probe("called from C"), 0)
call(lambda: probe("called from deep C"), 20)
call_in_thread(lambda: probe("thread of C"))

COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))


def compare(a, b):
    probe("ctypes callback")
    return a[0] - b[0]


numbers = (ctypes.c_int * 3)(3, 1, 2)
ctypes.CDLL(None).qsort(numbers, 3, ctypes.sizeof(ctypes.c_int), COMPARE(compare))
reading = property(lambda self: probe("property by lambda"))
type("Made", (), {"read": reading})().read
any(probe("any") > 5 for _ in range(2))
print(end=str(Ordered(2))[:0])
sys.intern("done")
