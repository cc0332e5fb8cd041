# Comprehensions of each kind, nested, over several lines, with conditions and inner functions.
squares = [i * i for i in range(1000, 1300)]
odd = {
    i: str(i)
    for i in range(2000, 2400)
    if i % 2
}
unique = {
    "item %d" % (i % 50)
    for i in range(500)
}
table = [
    [bytes(row + column) for column in range(20)]
    for row in range(30)
]
functions = [lambda k=i: bytes(k) for i in range(60)]
called = [f() for f in functions]
summed = sum(len(str(i)) for i in range(500))
pairs = [(a, b)
         for a in "abcdefgh"
         for b in ("%s!" % a, "%s?" % a)]


def scope(n):
    factor = bytes(n)
    return [len(factor) * 1000 + i for i in range(n)]


scoped = scope(400)
