"""objects.py ROUNDS: particles of classes with and without slots, properties, special methods: attributes all the time."""
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40


class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def scaled(self, factor):
        return Vector(self.x * factor, self.y * factor)


class Body:
    def __init__(self, number):
        self.number, self.place, self.speed, self.seen = number, Vector(number, 0.5 * number), Vector(1.0, -0.25), 0

    @property
    def height(self):
        return self.place.y

    def step(self, dt):
        self.place = self.place + self.speed.scaled(dt)
        if self.height < 0:
            self.speed = self.speed.scaled(-1)
        self.seen += 1


class Heavy(Body):
    def __init__(self, number):
        super().__init__(number)
        self.weight = number % 5 + 1

    def step(self, dt):
        super().step(dt / self.weight)


def main():
    bodies = [(Heavy if i % 3 else Body)(i) for i in range(1000)]
    for _ in range(ROUNDS):
        for body in bodies:
            body.step(0.5)
    print(sum(body.seen for body in bodies), round(sum(body.place.x for body in bodies), 3))


main()
