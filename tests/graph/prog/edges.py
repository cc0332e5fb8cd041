"""One object of a class of its own behind each way to refer to an object: tests/graph/cases_edges.py says what its chain has
to read."""
import gc
import sys
import weakref

import heapline

gc.disable()


def kind(name):
    return type(name, (), {})


Attribute, Slot, Index, Element, Key, Value, Member, Global, Static = map(kind, (
    "Attribute", "Slot", "Index", "Element", "Key", "Value", "Member", "Global", "Static"))
Closed, Running, Waiting, Bound, Default, Weak, Proxied, Cyclic, Raised, Partial, Awaited = map(kind, (
    "Closed", "Running", "Waiting", "Bound", "Default", "Weak", "Proxied", "Cyclic", "Raised", "Partial", "Awaited"))
Descending, Local, Wide = map(kind, ("Descending", "Local", "Wide"))


class Holder:
    def __init__(self, value):
        self.attribute = value


class Slotted:
    __slots__ = ("first", "slot")


class Described:
    static = Static()


def method(self):
    return self


Bound.method = method


def closing():
    closed = Closed()
    return lambda: closed


def waiting():
    local = Waiting()
    yield 1
    del local


async def awaiting():
    local = Awaited()
    await pause()
    del local


class pause:
    def __await__(self):
        yield


def with_default(value=Default()):
    return value


def raising():
    raised = Raised()
    try:
        raise ValueError(raised)
    except ValueError as error:
        return error


holder = Holder(Attribute())
slotted = Slotted()
slotted.slot = Slot()
a_list = [0, 1, 2, Index()]
a_tuple = (0, Element())
keys = {Key(): 0}
values = {"first": 0, "the key": Value()}
members = {Member()}
a_global = Global()
bound = Bound().method
closure = closing()
generator = waiting()
next(generator)
coroutine = awaiting()
coroutine.send(None)
weakly = Weak()
reference = weakref.ref(weakly)
proxied = Proxied()
proxy = weakref.proxy(proxied)
error = raising()
wide = Holder(None)
for i in range(100):
    setattr(wide, "a%d" % i, i)
wide.a50 = Wide()
cycle = Cyclic()
cycle.me = cycle
del cycle


def inner(parameter):
    local = Local()
    heapline.snapshot("edges")
    return local, parameter


def outer():
    return inner(Running())


outer()
sys.stdout.write("done\n")
