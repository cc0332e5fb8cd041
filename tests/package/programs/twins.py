"""Two functions whose code objects are equal, in two files, are two functions."""
from heapline import profile


def make(name):
    space = {"profile": profile}
    exec(compile("@profile\ndef twin():\n    return 1\n", name, "exec"), space)
    return space["twin"]


first, second = make("a.py"), make("b.py")
assert first.__code__ == second.__code__
first(), second(), second()
