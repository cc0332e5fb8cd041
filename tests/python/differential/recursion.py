# Recursion: direct, mutual, with memory at each depth, through a builtin.
def depth(n):
    data = bytes(n + 100)
    if n == 0:
        return [data]
    return depth(n - 1) + [data]


def even(n):
    return [bytes(n + 30)] + (odd(n - 1) if n else [])


def odd(n):
    return [bytes(n + 40)] + (even(n - 1) if n else [])


def through_map(n):
    return [bytes(n + 600), list(map(through_map, [n - 1] if n else []))]


def tree(n):
    return (tree(n - 1), bytes(n + 700), tree(n - 1)) if n else None


levels = depth(300)
both = even(200)
mapped = through_map(60)
nodes = tree(7)
