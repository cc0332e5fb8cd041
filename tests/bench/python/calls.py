"""calls.py ROUNDS: calls and returns and little else: Fibonacci numbers, mutual recursion, keywords and closures."""
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def area(width, height=1, *, scale=1):
    return width * height * scale


def adder(n):
    def add(x):
        return x + n
    return add


def main():
    total = 0
    for i in range(ROUNDS):
        total += fibonacci(18) + even(200 + i % 2)
        add = adder(i)
        for k in range(1000):
            total += add(area(k, scale=2))
    print(total)


main()
