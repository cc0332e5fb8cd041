"""Generators: started, resumed from other places, delegating, thrown into, closed, in the middle of for."""
from stackprobe import probe


def simple():
    probe("before the first yield")
    yield 1
    probe("after the first yield")
    yield 2


def delegating():
    yield from simple()
    probe("after yield from")


def closing():
    try:
        yield 1
    finally:
        probe("finally of a closed generator")


def catching():
    while True:
        try:
            yield
        except ValueError:
            probe("thrown into a generator")


def resume(generator):
    return next(generator)


g = delegating()
resume(g)
def elsewhere():
    next(g, None)
elsewhere()
for _ in g:
    probe("body of a for over a generator")
c = closing()
next(c)
c.close()
t = catching()
next(t)
t.throw(ValueError("thrown"))
list(probe("generator expression") for _ in range(2))
sum(n + probe("generator expression of another") for n in (m for m in range(2)))
a, *b = simple()
