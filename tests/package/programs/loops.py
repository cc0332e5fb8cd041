"""Loops. A loop's head runs once more than its body; a loop on one line is one execution of it."""
from heapline import profile


@profile                                  #: 2
def loops(n):
    total = 0                             #: 2
    for i in range(n):                    #: 22
        total += i                        #: 20
        if i % 2:                         #: 20
            continue                      #: 10
        total -= 1                        #: 10
    k = n                                 #: 2
    while k:                              #: 22
        k -= 1                            #: 20
    for i in range(n): total += i         #: 2
    k = n                                 #: 2
    while k: k -= 1                       #: any      (before 3.10 it comes round to the start of the line)
    return total                          #: 2


@profile                                  #: 1
def endless(numbers):
    try:                                  #: 1
        while True:                       #: any      (no instructions before 3.10)
            next(numbers)                 #: 6
    except StopIteration:                 #: 1
        return                            #: 1


@profile                                  #: 1
def long_loop():
    for i in range(20000):                #: 20001
        i + 1                             #: 20000


@profile                                  #: 0
def never():
    return 1                              #: 0


assert loops(10) == loops(10)
endless(iter(range(5)))
long_loop()
