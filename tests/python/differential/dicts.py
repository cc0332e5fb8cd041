# Dicts and sets: literals, growth, splitting by instances, copies, views, deletions, setdefault.
plain = {"key %d" % i: object() for i in range(300)}
grown = {}
for i in range(2000):
    grown[i * 1000003] = None
copied = dict(plain)
merged = {**copied, "more": [1.5] * 700}
deep = {k: {k: k} for k in range(1000, 1100)}
names = set()
for i in range(500):
    names.add("name %d" % i)
frozen = frozenset(names)
emptied = dict.fromkeys(range(5000, 6000))
emptied.clear()
for i in range(1500):
    del grown[i * 1000003]
grown["last"] = bytes(1000)


class Point:
    def __init__(self, x):
        self.x = x
        self.name = "point %d" % x


points = [Point(i) for i in range(300)]
points[7].extra = bytes(700)
points[8].__dict__["other"] = bytes(701)
default = {}
for i in range(100):
    default.setdefault(i % 10 + 9000, []).append(bytes(i + 20))
