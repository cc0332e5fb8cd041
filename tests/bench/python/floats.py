"""floats.py ROUNDS: points are moved, measured and normalised: a float object for every result."""
import math
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40


class Point:
    def __init__(self, i):
        self.x = math.sin(i)
        self.y = math.cos(i) * 3
        self.z = self.x * self.x / 2

    def normalise(self):
        length = math.sqrt(self.x ** 2 + self.y ** 2 + self.z ** 2)
        self.x /= length
        self.y /= length
        self.z /= length

    def largest(self, other):
        self.x = max(self.x, other.x)
        self.y = max(self.y, other.y)
        self.z = max(self.z, other.z)
        return self


def main():
    total = 0.0
    for _ in range(ROUNDS):
        points = [Point(i * 0.5) for i in range(2000)]
        for point in points:
            point.normalise()
        most = points[0]
        for point in points[1:]:
            most = most.largest(point)
        total += most.x + most.y + most.z + math.fsum(p.x * p.y - p.z for p in points)
    print(round(total, 6))


main()
