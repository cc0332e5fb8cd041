# Coroutines without an event loop: awaiting, gathered by hand, async generators and comprehensions, contextmanagers.
import contextlib

kept = []


class Step:
    def __await__(self):
        yield bytes(600)
        return bytes(601)


async def leaf(n):
    data = "leaf %d" % n
    kept.append(await Step())
    return data * 2


async def ticks(n):
    for i in range(n):
        await Step()
        yield [i] * 80


async def main(n):
    local = bytes(n + 700)
    first = await leaf(n)
    values = [v async for v in ticks(3)]
    async with manager(n) as text:
        kept.append((first, values, text))
    return local


@contextlib.asynccontextmanager
async def manager(n):
    await Step()
    yield "managed %d" % n


def drive(coroutine):
    while True:
        try:
            coroutine.send(None)
        except StopIteration as stop:
            return stop.value


done = [drive(main(i)) for i in range(20)]
suspended = [main(i) for i in range(20)]
for coroutine in suspended:
    coroutine.send(None)
