"""A heap of about so many Python objects, ten to an order, and then one question: order_heap.py OBJECTS TOOL.

TOOL: wait (says "ready" and its number, and ends after a line), guppy, typestats, growth. Of the others: how long it took, and by how many kilobytes the largest resident size
grew meanwhile."""
import gc
import resource
import sys
import time


class Order:
    def __init__(self, number):
        self.number, self.note = number + 1000, "order number %d" % number
        self.lines = [(piece, number * 0.5 + piece) for piece in range(3)]


def guppy():
    from guppy import hpy
    return str(hpy().heap())


def typestats():
    import objgraph
    return objgraph.typestats()


def growth():
    import io
    import objgraph
    objgraph.show_growth(file=io.StringIO())
    return objgraph.show_growth(file=io.StringIO())


def measure(question):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    question()
    print("took", time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


def main():
    global orders                        # so that they are there before the interpreter ends
    objects, tool = int(sys.argv[1]), sys.argv[2]
    gc.disable()
    orders = [Order(number) for number in range(objects // 10)]
    gc.enable()
    if tool == "wait":
        import os
        print("ready", os.getpid(), flush=True)
        sys.stdin.readline()
    else:
        measure({"guppy": guppy, "typestats": typestats, "growth": growth}[tool])
    return len(orders)


if __name__ == "__main__":
    main()
