"""A shop that forgets to forget: `history` keeps what was delivered, a cache of labels has no bound. Snapshots: opened, busy."""
import functools
import sys

import heapline


class Customer:
    def __init__(self, number):
        self.number = number


class Order:
    def __init__(self, number, book, customer):
        self.number, self.book, self.customer = number, book, customer
        self.lines = [(number, piece) for piece in range(number % 5)]          # lines
        self.note = "order %d, to be delivered" % number                       # note


class Book:
    def __init__(self, name):
        self.name, self.open, self.history = name, {}, []

    def take(self, number, customer):
        order = Order(number, self, customer)                                  # order
        self.open[number] = order
        self.history.append(order)

    def deliver(self, number):
        del self.open[number]


@functools.lru_cache(maxsize=None)
def label(number):
    return "label of order number %d; " % number * 3                           # label


def work(books, customers, first, n):
    for number in range(first, first + n):
        book = books[number % len(books)]
        book.take(number, customers[number % len(customers)])
        label(number)
        book.deliver(number)


def main(n):
    books = [Book("book %d" % i) for i in range(3)]
    customers = [Customer(i) for i in range(7)]
    work(books, customers, 0, 10)
    heapline.snapshot("opened")
    work(books, customers, 10, n)
    heapline.snapshot("busy")
    return books


if __name__ == "__main__":
    books = main(int(sys.argv[1]))
    print(sum(len(book.open) for book in books), sum(len(book.history) for book in books))
