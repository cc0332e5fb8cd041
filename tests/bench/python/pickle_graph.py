"""pickle_graph.py ROUNDS: pickles a graph of objects that share parts, and unpickles it."""
import pickle
import sys

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40


class Node:
    def __init__(self, number, parent):
        self.number, self.parent, self.children = number, parent, []
        self.label = f"node {number}"
        if parent:
            parent.children.append(self)


def tree(n):
    nodes = [Node(0, None)]
    for i in range(1, n):
        nodes.append(Node(i, nodes[(i - 1) // 3]))
    return nodes


def main():
    nodes = tree(2000)
    plain = [(i, str(i), {"square": i * i, "half": i / 2}) for i in range(3000)]
    length = total = 0
    for _ in range(ROUNDS):
        for protocol in (2, pickle.HIGHEST_PROTOCOL):
            data = pickle.dumps((nodes, plain), protocol)
            length += len(data) if protocol == 2 else 0
            again, table = pickle.loads(data)
            total += again[-1].parent.number + table[-1][2]["square"]
    print(length, total)


main()
