"""Recursion: direct, mutual, through builtins, and the stack after it came back."""
from stackprobe import call, probe


def down(n):
    if n == 0:
        return probe("bottom")
    return down(n - 1)


def even(n):
    if n == 0:
        return probe("even bottom")
    return odd(n - 1)


def odd(n):
    if n == 0:
        return probe("odd bottom")
    return even(n - 1)


def through_builtin(n):
    if n == 0:
        return probe("below sorted")
    return sorted([1], key=lambda _: through_builtin(n - 1))


def through_c(n):
    if n == 0:
        return probe("below C")
    return call(lambda: through_c(n - 1), 3)


def up_and_down(n):
    probe("on the way down")
    if n:
        up_and_down(n - 1)
    probe("on the way up")


down(50)
even(31)
through_builtin(5)
through_c(5)
up_and_down(4)
down(3)
probe("after all")
