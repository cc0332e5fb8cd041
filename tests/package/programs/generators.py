"""Generators: each counts its own lines, however their turns are mixed; send, throw, close and `yield from` work as without the decorator."""
from heapline import profile


@profile                                  #: 2
def counting(n):
    for i in range(n):                    #: 8
        yield i                           #: 6
    return n                              #: 2


@profile                                  #: 1
def outer():
    result = yield from counting(3)       #: 1
    assert result == 3                    #: 1


@profile                                  #: 2
def answering():
    got = None                            #: 2
    try:                                  #: 2
        while got != "end":               #: 5
            try:                          #: 4
                got = yield got           #: 4
            except KeyError:              #: 2
                got = "key"               #: 1
    finally:
        assert True                       #: 2


@profile                                  #: 1
def one_line(): yield 1; yield 2          #: 1


def mixed():
    a, b = counting(3), outer()
    taken = [next(a), next(b), next(a), next(b), next(b), next(a)]
    assert taken == [0, 0, 1, 1, 2, 2]
    assert list(a) == list(b) == []


def conversation():
    talk = answering()
    assert next(talk) is None
    assert talk.send("hello") == "hello"
    assert talk.throw(KeyError("x")) == "key"
    try:
        talk.send("end")
    except StopIteration:
        pass
    other = answering()
    next(other)
    other.close()


mixed()
conversation()
assert list(one_line()) == [1, 2]
