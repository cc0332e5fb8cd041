"""plants.py PLANT SEED ITERATIONS: something grows with every iteration, among other work. The line that asks for it ends in "# plant: PLANT".

Besides "iteration" the label "first N" marks the first N iterations, for all N from 12 on: one run answers how many are needed.
"""
import collections
import ctypes
import json
import random
import sys

import heapline

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
kept, cache, chain, queue = [], {}, None, collections.deque()


def list_of_bytes(i):
    kept.append(bytes(20))                      # plant: list_of_bytes


def list_of_tuples(i):
    kept.append((i, None))                      # plant: list_of_tuples


def list_of_ints(i):
    kept.append(10 ** 6 + i)                    # plant: list_of_ints


def list_of_strings(i):
    kept.append(f"item {i}")                    # plant: list_of_strings


def list_of_nothing(i):
    """Four pointers an iteration, all in the list's own table, which grows by an eighth at a time."""
    kept.extend((None, None, None, None))       # plant: list_of_nothing


def dict_without_bound(i):
    cache["key %d" % i] = None                  # plant: dict_without_bound


def deque_of_bytes(i):
    queue.append(bytes(20))                     # plant: deque_of_bytes


def deque_of_nothing(i):
    """In blocks of 64 pointers, every 16th iteration."""
    queue.extend((None, None, None, None))      # plant: deque_of_nothing


class Node:
    __slots__ = ("before",)


def chain_of_objects(i):
    global chain
    node = Node()                               # plant: chain_of_objects
    node.before = chain
    chain = node


def c_extension(i):
    """16 bytes of C code that nobody frees and nobody knows any more."""
    libc.malloc(16)                             # plant: c_extension


def every_second(i):
    if i % 2:
        kept.append(bytes(20))                  # plant: every_second


PLANTS = {f.__name__: f for f in (list_of_bytes, list_of_tuples, list_of_ints, list_of_strings, list_of_nothing, dict_without_bound, deque_of_bytes,
                                  deque_of_nothing, chain_of_objects, c_extension, every_second)}


def noise(rng, ring):
    """What a service does: texts in and out, something that is kept for a while, garbage in cycles."""
    records = json.loads(json.dumps([{"id": i, "value": rng.random()} for i in range(rng.randint(10, 60))]))
    ring[rng.randrange(len(ring))] = [str(r["value"]) for r in records]
    loop = [records]
    loop.append(loop)


def main():
    name, seed, iterations = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng, ring = random.Random(seed), [None] * 8
    for i in range(iterations):
        noise(rng, ring)
        PLANTS[name](i)
        heapline.mark("iteration")
        for n in range(max(12, i + 1), iterations + 1):
            heapline.mark(f"first {n}")


if __name__ == "__main__":
    main()
