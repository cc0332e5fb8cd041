"""Coroutines that take turns under gather, and asynchronous generators: each line counts for the coroutine that ran it."""
import asyncio
import inspect

from heapline import profile


@profile                                  #: 3
async def worker(name, turns):
    done = []                             #: 3
    for i in range(turns):                #: 9
        await asyncio.sleep(0)            #: 6
        done.append((name, i))            #: 6
    return done                           #: 3


@profile                                  #: 2
async def numbers(n):
    try:                                  #: 2
        for i in range(n):                #: 6
            await asyncio.sleep(0)        #: 5
            yield i                       #: 5
    finally:
        assert True                       #: 2


@profile                                  #: 1
async def fails():
    await asyncio.sleep(0)                #: 1
    raise KeyError("x")                   #: 1
    return 0                              #: 0


@profile                                  #: 1
async def waits(event):
    try:                                  #: 1
        await event.wait()                #: any      (3.13 comes by once more to throw)
    except asyncio.CancelledError:        #: 1
        raise                             #: 1


async def main():
    first, second, third = await asyncio.gather(worker("a", 1), worker("b", 2), worker("c", 3))
    assert (len(first), len(second), len(third)) == (1, 2, 3)
    assert [i async for i in numbers(3)] == [0, 1, 2]
    stopped = numbers(9)
    assert await stopped.__anext__() == 0
    assert await stopped.asend("ignored") == 1
    await stopped.aclose()
    failed, = await asyncio.gather(fails(), return_exceptions=True)
    assert isinstance(failed, KeyError)
    task = asyncio.ensure_future(waits(asyncio.Event()))
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
        raise AssertionError("not cancelled")
    except asyncio.CancelledError:
        pass


assert inspect.iscoroutinefunction(worker)
asyncio.run(main())
