"""Exceptions: in handlers, finally, with, while unwinding, re-raised, in except groups of generators; excepthook-free."""
import contextlib
from stackprobe import probe


def raises(n):
    if n:
        raises(n - 1)
    raise ValueError("raised")


class Manager:
    def __enter__(self):
        probe("__enter__")

    def __exit__(self, *args):
        return bool(probe("__exit__"))


@contextlib.contextmanager
def manager():
    probe("contextmanager enters")
    try:
        yield
    except ValueError:
        probe("contextmanager catches")
    finally:
        probe("contextmanager leaves")


class Loud(Exception):
    def __init__(self):
        probe("__init__ of an exception")


def catches():
    try:
        raises(3)
    except ValueError:
        probe("handler")
    else:
        probe("never")
    finally:
        probe("finally")
    probe("after the handler")


def again():
    try:
        try:
            raises(2)
        finally:
            probe("finally while unwinding")
    except ValueError as error:
        try:
            raise KeyError from error
        except KeyError:
            probe("second handler")


catches()
again()
with Manager():
    raises(1)
with Manager():
    probe("body of with")
with manager():
    raises(2)
try:
    raise Loud
except Loud:
    probe("handler of a loud one")
with contextlib.ExitStack() as stack:
    stack.callback(lambda: probe("ExitStack callback"))
    stack.enter_context(manager())
    probe("body of ExitStack")
