"""Functions, methods, closures, comprehensions, class bodies, decorators, several lines in one call."""
import functools
from stackprobe import probe

probe("module")


def plain():
    return probe("function")


class Body:
    probe("class body")
    values = [probe("comprehension in a class body") for _ in range(2)]

    def method(self):
        probe("method")

        def inner():
            probe("closure")
        inner()

    @property
    def attribute(self):
        return probe("property")

    @staticmethod
    def fixed():
        probe("staticmethod")

    @classmethod
    def of_class(cls):
        probe("classmethod")

    def __init_subclass__(cls):
        probe("__init_subclass__")

    def __getattr__(self, name):
        return probe("__getattr__")

    def __eq__(self, other):
        return bool(probe("__eq__"))

    __hash__ = None


class Sub(Body):
    pass


def decorator(function):
    probe("decorator")

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        probe("wrapper")
        return function(*args,
                        **kwargs)
    return wrapper


@decorator
def decorated(n):
    probe("decorated")
    return [
        n,
        probe(
            "a call over several lines"
        ),
    ]


plain()
Body().method()
Body().attribute
Body.fixed()
Body.of_class()
Body().missing
Body() == 3
decorated(1)
[probe("list comprehension") for _ in range(2)]
{probe("set comprehension") for _ in range(1)}
{1: probe("dict comprehension") for _ in range(1)}
(lambda: probe("lambda"))()
[[probe("nested comprehension") for _ in range(1)] for _ in range(2)]
for _ in range(300):
    pass
if probe("condition") and plain():
    probe("branch")
assert (lambda n=1, *args, key=probe("default value"), **more: probe("defaults"))()
plain(*[], **{}); probe("second statement of a line")
x = probe("left") + \
    probe("right of a continued line")
