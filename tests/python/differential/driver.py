"""driver.py SCRIPT OUT FILE ADDRESS: runs SCRIPT in a namespace of its own; at its end writes what tracemalloc sees to
OUT, if it is tracing, and leaves by os._exit with every object still alive.

The interpreter keeps memory of some types for the next object (free lists). When an object is made of such memory
nothing is allocated, but tracemalloc moves the block to the line that makes the object. It is told to leave that:
from 3.13 on by an interface, before by making the function return at once that stands at link-time ADDRESS of FILE
("-": unknown, and it goes on moving). What start-up left in the free lists was allocated before tracemalloc began to
look, so it is used up before the script begins: its objects are then made of memory that was allocated under the eyes
of both.
"""
import _tracemalloc
import ctypes
import os
import sys

RETURN_ZERO = {"x86_64": b"\x31\xc0\xc3"}.get(os.uname().machine)


def stop_moves(file, address):
    if sys.version_info >= (3, 13):
        ctypes.pythonapi.PyRefTracer_SetTracer(None, None)
        return True
    if file == "-" or not RETURN_ZERO:
        return False
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        start = min(int(line.split("-")[0], 16) for line in maps if line.rstrip("\n").endswith(file))
    with open(file, "rb") as elf:
        movable = elf.read(18)[16] == 3      # ET_DYN: addresses count from where it was loaded
    at = int(address, 16) + (start if movable else 0)
    here = ctypes.string_at(at, len(RETURN_ZERO))
    page = at & ~4095
    if ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), ctypes.c_size_t(8192), 7) != 0:
        return False
    ctypes.memmove(at, RETURN_ZERO if _tracemalloc.is_tracing() else here, len(RETURN_ZERO))
    return True


def use_up_free_lists():
    held = [float(i) + 0.5 for i in range(300)]
    for length in range(1, 22):
        held.append([tuple(range(length)) for _ in range(2100)])
    held.append([1000000 + i for i in range(200)])
    held.append([[] for _ in range(200)])
    held.append([{} for _ in range(200)])
    held.append([{1: i} for i in range(200)])
    held.append([slice(i) for i in range(20)])
    return held


def write(path, traces, exact):
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
        print("exact", exact, sep="\t", file=out)
        for file in sorted({trace[2][0][0] for trace in traces}):
            print("name", sys.getsizeof(file), sep="\t", file=out)
        for trace in traces:
            (file, line), = trace[2]
            print("block", trace[1], line, file, sep="\t", file=out)


def run(script, out, file, address):
    exact = stop_moves(file, address)
    with open(script, "rb") as source:
        code = compile(source.read(), script, "exec")
    namespace = {"__name__": "script", "__file__": script}
    held = use_up_free_lists()
    exec(code, namespace)
    clear = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
    clear()                                  # they keep the names of some attributes, by their addresses
    if _tracemalloc.is_tracing():
        write(out, _tracemalloc._get_traces(), exact)
    os._exit(0 if held else 1)


run(*sys.argv[1:])
