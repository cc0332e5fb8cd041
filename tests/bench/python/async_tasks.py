"""async_tasks.py ROUNDS: coroutines under gather, producers and consumers on queues, a lock."""
import asyncio
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40


async def leaf(i):
    await asyncio.sleep(0)
    return i * 2


async def branch(depth, i):
    if depth == 0:
        return await leaf(i)
    return sum(await asyncio.gather(*(branch(depth - 1, 3 * i + k) for k in range(3))))


async def producer(queue, n):
    for i in range(n):
        await queue.put({"number": i, "text": str(i)})
    await queue.put(None)


async def consumer(queue, lock, sums):
    while True:
        item = await queue.get()
        if item is None:
            return
        async with lock:
            sums[item["number"] % 10] = sums.get(item["number"] % 10, 0) + len(item["text"])


async def exchange(n):
    queue, lock, sums = asyncio.Queue(maxsize=10), asyncio.Lock(), {}
    await asyncio.gather(*(producer(queue, n) for _ in range(4)), *(consumer(queue, lock, sums) for _ in range(4)))
    return sum(sums.values())


async def main():
    total = 0
    for _ in range(ROUNDS):
        total += await branch(4, 1) + await exchange(100)
    print(total)


asyncio.run(main())
