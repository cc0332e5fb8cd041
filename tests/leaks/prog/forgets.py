"""Python objects that an extension module holds, or loses a reference to: cases.py says what is right of each line."""
import sys

sys.path.insert(0, sys.argv[1])
import forgets      # noqa: E402


class Node:
    __slots__ = ("other", "text", "__weakref__")


def lose_bytes():
    forgets.forget(bytes(range(200)) * 3)               # lost


def lose_list():
    forgets.forget([bytes(700 + i) for i in range(3)])  # the list is lost, the rest goes with it


def lose_node():
    node = Node()                                       # lost
    node.other = None
    node.text = bytes(901)                              # with it
    forgets.forget(node)


def keep_list():
    forgets.keep([bytes(801), bytes(802)])              # held by the module's variable


def lose_memory():
    forgets.raw(1234)                                   # lost


lose_bytes()
lose_list()
lose_node()
keep_list()
lose_memory()
