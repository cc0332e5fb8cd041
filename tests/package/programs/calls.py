"""Recursion, exceptions, threads, methods of every kind, functions within functions."""
import threading

from heapline import profile


@profile                                  #: 15
def fibonacci(n):
    if n < 2:                             #: 15
        return n                          #: 8
    return fibonacci(n - 1) + fibonacci(n - 2)  #: 7


@profile                                  #: 4
def raises(depth):
    try:                                  #: 4
        if depth:                         #: 4
            raises(depth - 1)             #: 3
            return "never"                #: 0
        raise ValueError(depth)           #: 1
    finally:
        depth += 1                        #: 4


@profile                                  #: 8
def in_threads(n):
    for i in range(n):                    #: 8008
        str(i)                            #: 8000


class Kinds:
    @profile                              #: 1
    def method(self):
        return self                       #: 1

    @classmethod                          #: 1
    @profile
    def of_class(cls):
        return cls                        #: 1

    @profile                              #: 2
    @staticmethod
    def of_none(value):
        return value                      #: 2

    @property                             #: 1
    @profile
    def attribute(self):
        return 1                          #: 1


@profile                                  #: 1
def within():
    def inner(n):                         #: 1
        return n + 1                      #: 3
    double = lambda n: n * 2              #: 6
    total = sum(i for i in range(9))      #: 1
    some = [i for i in range(9)]          #: 1
    assert total == sum(some)             #: 1
    for i in range(3):                    #: 4
        inner(i)                          #: 3
    return list(map(double, range(5)))    #: 1


@profile(precision=4)                     #: 2
def with_arguments():
    return 1                              #: 2


assert fibonacci(5) == 5
try:
    raises(3)
except ValueError:
    pass
threads = [threading.Thread(target=in_threads, args=(1000,)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
kinds = Kinds()
assert (kinds.method(), kinds.of_class(), Kinds.of_none(1), kinds.of_none(2), kinds.attribute) == (kinds, Kinds, 1, 2, 1)
assert within() == [0, 2, 4, 6, 8]
assert with_arguments() == with_arguments()
