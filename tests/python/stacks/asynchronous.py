"""asyncio: awaits, gather, tasks, async generators, comprehensions and context managers, callbacks of the loop, executors."""
import asyncio
import contextlib
from stackprobe import probe


async def leaf(n):
    probe("leaf before the await")
    await asyncio.sleep(0)
    probe("leaf after the await")
    return n


async def ticks(n):
    for i in range(n):
        await asyncio.sleep(0)
        probe("async generator")
        yield i


@contextlib.asynccontextmanager
async def manager():
    probe("async context manager enters")
    yield
    probe("async context manager leaves")


class Awaitable:
    def __await__(self):
        probe("__await__")
        yield from asyncio.sleep(0).__await__()


async def main():
    await leaf(1)
    await asyncio.gather(leaf(2), leaf(3), middle())
    async for _ in ticks(2):
        probe("body of async for")
    [probe("async comprehension") async for _ in ticks(1)]
    async with manager():
        probe("body of async with")
    await Awaitable()
    task = asyncio.ensure_future(leaf(4))
    await task
    loop = asyncio.get_event_loop()
    loop.call_soon(lambda: probe("callback of the loop"))
    await loop.run_in_executor(None, probe, "executor calls C")
    await loop.run_in_executor(None, lambda: probe("executor calls Python"))


async def middle():
    await leaf(5)
    probe("after an await of another")


asyncio.run(main())
