"""generators.py ROUNDS: chains of generators, a recursive one over a tree, `yield from`, send."""
import itertools
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40


class Tree:
    def __init__(self, low, high):
        middle = (low + high) // 2
        self.value = middle
        self.left = Tree(low, middle) if low < middle else None
        self.right = Tree(middle + 1, high) if middle + 1 < high else None

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            yield from self.right


def numbered(values):
    for i, value in enumerate(values):
        yield i, value


def odd_only(pairs):
    for i, value in pairs:
        if i % 2:
            yield value * 1000 + i


def windows(values, n):
    window = ()
    for value in values:
        window = (*window, value)[-n:]
        if len(window) == n:
            yield window


def averager():
    total = count = 0
    average = None
    while True:
        total += yield average
        count += 1
        average = total / count


def main():
    tree, total = Tree(0, 1000), 0.0
    for _ in range(ROUNDS):
        mean = averager()
        next(mean)
        for window in windows(odd_only(numbered(tree)), 3):
            last = mean.send(sum(window))
        total += last + sum(itertools.islice((x * x for x in range(100000)), 500))
    print(round(total, 3))


main()
