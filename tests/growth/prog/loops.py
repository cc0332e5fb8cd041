"""loops.py SEED ITERATIONS [LOOP...]: loops of CPython that hold no more after an iteration than before it, each with marks of its own label.

Every loop fills what it keeps, CPython's own pools of freed objects among it, before its first mark; from there on it gives back what it takes, at once,
with the next collection of cycles or when a bound is reached. The seed gives the order of the loops and all sizes. The loop "all" goes through the others
in each of its iterations, "collected" ends each of these with a collection.

RISING are loops that look as steady in their source, and are not: C code of CPython 3.11 makes a new string of a name for each look-up, and the cache of
looked-up names, which has 4,096 entries, keeps many of them.
"""
import asyncio
import collections
import functools
import gc
import json
import queue
import random
import re
import sys
import threading

import heapline


WARM_UP = 10                  # iterations without a mark


def json_texts(rng):
    size = rng.randint(20, 60)
    record = {"name": "x" * rng.randint(1, 40), "tags": ["a", "b"] * rng.randint(1, 5)}

    def iteration():
        text = json.dumps([dict(record, id=i, weight=rng.random()) for i in range(size)])
        assert len(json.loads(text)) == size
    return iteration


def dict_churn(rng):
    keys = rng.randint(100, 300)
    kept = {key: str(key) for key in range(keys)}

    def iteration():
        for key in rng.choices(range(keys), k=100):
            del kept[key]
            kept[key] = str(rng.random())
    return iteration


def list_churn(rng):
    ring = [None] * rng.randint(16, 40)
    turn = 0

    def iteration():
        nonlocal turn
        for _ in range(len(ring)):
            ring[turn % len(ring)] = [rng.random() for _ in range(rng.randint(1, 20))]
            turn += 1
        sorted(x for part in ring for x in part)
    return iteration


def classes(rng):
    count = rng.randint(20, 80)

    class Node:
        def __init__(self, parent):
            self.parent, self.children, self.value = parent, [], rng.random()

    def iteration():
        root = Node(None)
        nodes = [root]
        for _ in range(count):
            nodes.append(Node(rng.choice(nodes)))
            nodes[-1].parent.children.append(nodes[-1])
        for node in nodes:                                 # no cycles are left
            node.parent = None
    return iteration


def cycles(rng):
    """Garbage that waits for the collector."""
    count = rng.randint(40, 90)

    def iteration():
        for _ in range(count):
            one, other = [], {}
            one.append(other)
            other["back"] = one
    return iteration


def regular_expressions(rng):
    text = " ".join(f"word{rng.randint(1, 99)}={rng.random()}" for _ in range(60))
    patterns = [rf"(\w+{digit})=(\d+\.\d*)" for digit in range(rng.randint(3, 9))]

    def iteration():
        for pattern in patterns:
            re.findall(pattern, text)
            re.sub(pattern, "-", text)
            re.sub(pattern, lambda match: match.group(2), text)
    return iteration


def generators(rng):
    length = rng.randint(50, 200)

    def numbers(n):
        for i in range(n):
            yield i * rng.random()

    def iteration():
        pairs = zip(numbers(length), (x + 1 for x in numbers(length)))
        assert len([a + b for a, b in pairs]) == length
        next(numbers(length))                              # one that is not run to its end
    return iteration


def bounded_cache(rng):
    size = rng.randint(32, 128)

    @functools.lru_cache(maxsize=size)
    def square(n):
        return str(n) * 4

    def iteration():
        for _ in range(100):
            square(rng.randint(1000, 1000 + 4 * size))
    while square.cache_info().currsize < size:
        iteration()
    return iteration


def exceptions(rng):
    depth = rng.randint(3, 20)

    def fail(n):
        if n == 0:
            raise ValueError("x" * rng.randint(1, 50))
        fail(n - 1)

    def iteration():
        kept = []
        for _ in range(10):
            try:
                fail(depth)
            except ValueError as error:
                try:
                    raise KeyError("again") from error
                except KeyError as again:
                    kept.append(again)
        assert len(kept) == 10
    return iteration


def tasks(rng):
    count = rng.randint(5, 15)
    loop = asyncio.new_event_loop()

    async def work(n, lock):
        async with lock:
            await asyncio.sleep(0)
        return "x" * n

    async def main():
        lock = asyncio.Lock()
        done, _ = await asyncio.wait([loop.create_task(work(rng.randint(1, 100), lock)) for _ in range(count)])
        assert len(done) == count

    def iteration():
        loop.run_until_complete(main())
    return iteration


def threads(rng):
    count = rng.randint(2, 4)

    def work(inbox, outbox):
        for item in iter(inbox.get, None):
            outbox.put(str(item) * 3)

    def iteration():
        inbox, outbox = queue.Queue(), queue.Queue()
        workers = [threading.Thread(target=work, args=(inbox, outbox)) for _ in range(count)]
        for worker in workers:
            worker.start()
        for item in range(20):
            inbox.put(rng.random() * item)
        for _ in workers:
            inbox.put(None)
        for worker in workers:
            worker.join()
        assert outbox.qsize() == 20
    return iteration


def deques(rng):
    kept = collections.deque(maxlen=rng.randint(20, 200))

    def iteration():
        for _ in range(50):
            kept.append(bytes(rng.randint(16, 200)))
    while len(kept) < kept.maxlen:
        iteration()
    return iteration


def templates(rng):
    text = " ".join(f"{rng.random()}" for _ in range(20))

    def iteration():
        re.sub(r"(\d+)\.(\d+)", r"\2,\1", text)
    return iteration


def gathered(rng):
    count = rng.randint(5, 15)
    loop = asyncio.new_event_loop()

    async def work(n):
        await asyncio.sleep(0)
        return "x" * n

    async def main():
        await asyncio.gather(*[work(rng.randint(1, 100)) for _ in range(count)])

    def iteration():
        loop.run_until_complete(main())
    return iteration


RISING = {f.__name__: f for f in (templates, gathered)}
LOOPS = {f.__name__: f for f in (json_texts, dict_churn, list_churn, classes, cycles, regular_expressions, generators, bounded_cache, exceptions, tasks,
                                 threads, deques)}


def main():
    seed, iterations, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or [*LOOPS, "all"]
    rng = random.Random(seed)
    rng.shuffle(names)
    loops = {name: make(rng) for name, make in {**LOOPS, **RISING}.items() if name in names or name in LOOPS}
    for name in names:
        run = {"all": [loops[n] for n in LOOPS], "collected": [*(loops[n] for n in LOOPS), gc.collect]}.get(name) or [loops[name]]
        for i in range(-WARM_UP, iterations):
            for iteration in run:
                iteration()
            if i >= 0:
                heapline.mark(name)


if __name__ == "__main__":
    main()
