# Classes: bodies, slots, inheritance, properties, metaclasses, made by type(), instances with and without dict.
class Base:
    table = [bytes(i) for i in range(100)]

    def __init__(self, n):
        self.n = n
        self.data = bytes(n)

    @property
    def twice(self):
        return self.data * 2

    @staticmethod
    def fixed():
        return bytes(333)

    @classmethod
    def made(cls, n):
        return cls(n)


class Slots(Base):
    __slots__ = ("left", "right")

    def __init__(self, n):
        super().__init__(n)
        self.left = [n]
        self.right = (n, n)


class Meta(type):
    def __new__(mcs, name, bases, namespace):
        namespace["added"] = bytes(444)
        return super().__new__(mcs, name, bases, namespace)


class WithMeta(metaclass=Meta):
    body = "text %d" % len("body")


bases = [Base(i + 40) for i in range(200)]
slots = [Slots(i + 40) for i in range(100)]
made = [Base.made(i + 600) for i in range(20)]
doubles = [b.twice for b in bases[:50]]
fixed = [Base.fixed() for _ in range(10)]
dynamic = [type("Dynamic%d" % i, (Base,), {"mark": bytes(i + 50)}) for i in range(20)]
methods = [b.__init__ for b in bases[:30]]
