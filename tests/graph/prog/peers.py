"""A heap with some of everything, looked at by Python itself, by objgraph and by guppy3 in a forked copy, and by heapline at
the same moment.

peers.py PACKAGE FILE MODE [COUNT]    PACKAGE: where heapline's is; MODE: python, objgraph or guppy. The copy writes
what it finds into FILE, as JSON."""
import array
import collections
import datetime
import decimal
import enum
import functools
import gc
import io
import json
import os
import re
import sys
import types
import weakref

sys.path.insert(0, sys.argv[1])
import heapline                                                                # noqa: E402

MODE = sys.argv[3]
COUNT = int(sys.argv[4]) if len(sys.argv) > 4 else 50


class Plain:
    def __init__(self, number):
        self.number, self.name = number, "plain number %d" % number


class Slotted:
    __slots__ = ("number", "name", "__weakref__")

    def __init__(self, number):
        self.number, self.name = number, "slotted number %d" % number


class Many:
    """More attributes than instances keep in themselves."""

    def __init__(self, number):
        for i in range(40):
            setattr(self, "a%d_%d" % (number, i), i)


class WithDict:
    def __init__(self, number):
        self.number = number
        self.__dict__["key"] = number * 1000003


class Long(tuple):
    pass


class Mapped(dict):
    pass


class Listed(list):
    pass


class Number(int):
    pass


class Text(str):
    pass


class Failed(Exception):
    pass


class Slow:
    def __del__(self):
        pass


class Color(enum.Enum):
    RED = 1
    GREEN = 2


Point = collections.namedtuple("Point", "x y")


def generating(n):
    for i in range(n):
        yield i


def closing(n):
    text = "closed over %d" % n
    return lambda: text


def failing(n):
    try:
        raise Failed("failed with %d" % n)
    except Failed as failed:
        return failed


@functools.lru_cache(maxsize=None)
def cached(n):
    return "cached %d" % n


def make(n):
    heap = {
        "plain": [Plain(i) for i in range(n)], "slotted": [Slotted(i) for i in range(n)], "many": [Many(i) for i in range(n)],
        "with dict": [WithDict(i) for i in range(n)], "long": [Long(range(i)) for i in range(n)],
        "mapped": [Mapped(a=i) for i in range(n)], "listed": [Listed([i, i]) for i in range(n)],
        "number": [Number(i * 12345678901) for i in range(n)], "text": [Text("text %d" % i) for i in range(n)],
        "slow": [Slow() for i in range(n)], "lists": [list(range(i)) for i in range(n)],
        "tuples": [tuple(str(j) for j in range(i % 9)) for i in range(n)],
        "dicts": [{"k%d" % j: i for j in range(i % 30)} for i in range(n)], "sets": [set(range(i)) for i in range(n)],
        "frozen": [frozenset("%d" % j for j in range(i % 12)) for i in range(n)], "floats": [i * 1.5 for i in range(n)],
        "complex": [complex(i, 1) for i in range(n)], "integers": [7 ** (i * 3) for i in range(n)],
        "bytes": [bytes(1000 + i) for i in range(n)], "bytearrays": [bytearray(b"x" * (100 + i)) for i in range(n)],
        "arrays": [array.array("d", range(i)) for i in range(n)], "queues": [collections.deque(range(i * 3)) for i in range(n)],
        "defaults": [collections.defaultdict(list, {i: [i]}) for i in range(n)],
        "ordered": [collections.OrderedDict((j, j) for j in range(i % 20)) for i in range(n)],
        "points": [Point(i, str(i)) for i in range(n)], "counters": [collections.Counter("abcab"[:i % 5]) for i in range(n)],
        "decimals": [decimal.Decimal(10 ** i) / 7 for i in range(n)],
        "dates": [datetime.datetime(2000 + i % 20, 1, 1) for i in range(n)],
        "patterns": [re.compile("a%d+(b|c)" % i) for i in range(n)],
        "partials": [functools.partial(make, i, n=i) for i in range(n)], "files": [io.BytesIO(b"x" * i * 10) for i in range(n)],
        "views": [memoryview(bytes(100 + i)) for i in range(n)], "failed": [failing(i) for i in range(n)],
        "generators": [generating(i) for i in range(n)], "closures": [closing(i) for i in range(n)],
        "methods": [Plain(i).__init__ for i in range(n)], "modules": [types.ModuleType("module%d" % i) for i in range(n)],
        "classes": [type("Made%d" % i, (Plain,), {"number": i}) for i in range(n)],
        "unicode": ["\u20ac%d\U0001f600" % i for i in range(n)], "proxies": [types.MappingProxyType({i: i}) for i in range(n)],
        "slices": [slice(i, None, 2) for i in range(n)], "ranges": [range(i, i * 1000) for i in range(n)],
        "iterators": [iter([i]) for i in range(n)], "spaces": [types.SimpleNamespace(a=i) for i in range(n)],
    }
    heap["references"] = [weakref.ref(slotted) for slotted in heap["slotted"]]
    heap["half"] = [next(generator, None) for generator in heap["generators"]]
    for i in range(n):
        cached(i)
    return heap


OF_CODE = ["co_consts", "co_names", "co_filename", "co_name", "co_linetable"] + (
    ["co_qualname", "co_exceptiontable"] if sys.version_info >= (3, 11)
    else ["co_code", "co_varnames", "co_freevars", "co_cellvars", "co_lnotab"])
if sys.version_info < (3, 10):
    OF_CODE.remove("co_linetable")
elif sys.version_info < (3, 11):
    OF_CODE.remove("co_lnotab")


def referents(thing):
    """Code objects do not tell the collector what they refer to."""
    if isinstance(thing, types.CodeType):
        return [getattr(thing, name) for name in OF_CODE]
    return gc.get_referents(thing)


def sort_of(thing, kind):
    """What decides of which memory an object is made: docs/graph-accuracy.md has a row for each."""
    if isinstance(thing, type):
        return "class"
    if not kind.__flags__ & 1 << 9:
        return "built in"
    return "instance" if kind.__dictoffset__ else "derived" if kind.__base__ is not object else "slotted"


def known():
    """Every object that Python itself can name: what its collector tracks, and all that this refers to. [(address, tracked,
    module, name, sort, bytes)]"""
    objects = gc.get_objects()
    mine = {id(objects)}
    found, waiting = {}, list(objects)
    own = sys._getframe()
    mine.update((id(found), id(waiting), id(mine), id(own)))
    for thing in objects:
        found[id(thing)] = None
    while waiting:
        thing = waiting.pop()
        for held in referents(thing):
            if id(held) not in found and id(held) not in mine:
                found[id(held)] = None
                waiting.append(held)
                objects.append(held)
    del waiting
    rows = []
    for thing in objects:
        if id(thing) in mine:
            continue
        kind = type(thing)
        try:
            size = sys.getsizeof(thing)
        except Exception:
            size = -1
        module = kind.__module__ if isinstance(kind.__module__, str) else ""
        rows.append((id(thing), int(gc.is_tracked(thing)), module, kind.__name__, sort_of(thing, kind), size))
    return rows


def counted():
    """objgraph's counts, of tracked objects by type."""
    objgraph = sys.modules["objgraph"]
    return objgraph.typestats(shortnames=False)


def summed():
    """guppy3's: [type, how many, their bytes, the bytes that go with them]."""
    from guppy import hpy
    return [[str(part.kind), part.count, part.size, part.domisize] for part in hpy().heap().bytype.parts]


def in_a_copy(path):
    """The copy's heap is this one's, address by address."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    status = 1
    try:
        gc.disable()
        found = known() if MODE == "python" else counted() if MODE == "objgraph" else summed()
        with open(path, "w", encoding="utf-8") as file:
            json.dump(found, file)
        status = 0
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    if MODE == "objgraph":
        import objgraph                                                        # noqa: F401
    kept = make(COUNT)
    gc.collect()
    gc.disable()
    if hasattr(gc, "unfreeze"):
        gc.unfreeze()                    # 3.12 begins with frozen objects, which gc.get_objects leaves out
    assert in_a_copy(sys.argv[2]) == 0
    heapline.snapshot("peers")
