# Ways to call: closures, star arguments, keywords, defaults, partial, decorators, bound methods, callables.
import functools


def adder(n):
    data = bytes(n + 100)

    def add(m):
        return bytes(len(data) + m)
    return add


def starred(*args, **kwargs):
    return [args, kwargs]


def defaults(a, b=bytes(800), *, c=bytes(801)):
    return [a, b, c]


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return [function(*args)]
    return wrapper


@logged
def decorated(n):
    return bytes(n + 900)


class Callable:
    def __call__(self, n):
        return bytes(n + 950)


adders = [adder(i) for i in range(30)]
added = [add(200) for add in adders]
stars = [starred(*range(1000, 1000 + i), **{"k%d" % i: i}) for i in range(20)]
given = [defaults(object(), c=object()) for _ in range(20)]
wrapped = [decorated(i) for i in range(20)]
partial = functools.partial(adder, 300)
partials = [partial()(i) for i in range(20)]
objects = [Callable()(i) for i in range(20)]
mapped = list(map(lambda n: bytes(n + 970), range(20)))
keyed = sorted(range(1000, 1100), key=lambda n: bytes(n % 7))
reduced = functools.reduce(lambda a, b: a + bytes(b), range(60), b"")
cached = functools.lru_cache(maxsize=None)(lambda n: bytes(n + 1000))
for i in range(30):
    cached(i)
