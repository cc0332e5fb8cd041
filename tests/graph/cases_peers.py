"""The same heap, looked at by Python itself, by objgraph, by guppy3 and by heapline: counts, sizes, retained bytes.
docs/graph-accuracy.md explains what differs."""
import collections
import json
import os
import re

from bench import register
from graph_bench import PACKAGE, ROOT
from harness import expect, expect_equal

SCENARIOS, scenario = register("peers")

COUNT = 50
LISTED = 12                                  # of what is wrong, in a message
DOCUMENT = os.path.join(ROOT, "docs", "graph-accuracy.md")

# Objects that come or go between the copy that Python looks at and the snapshot: of the call that takes it, and of the copy's
# own work.
PASSING = 60


class Node(collections.namedtuple("Node", "address sort flags bytes references from_c module type")):
    @property
    def tracked(self):
        return bool(self.flags & 2)

    @property
    def name(self):
        return self.module + "." + self.type


class Snapshot:
    """What tests/graph/nodes.c prints."""

    def __init__(self, text):
        lines = text.split("\n")
        self.nodes_said, self.bytes, self.blocks, self.live = map(int, lines[0].split("\t"))
        self.reasons = [line.split("\t", 1)[1] for line in lines if line.startswith("reason\t")]
        self.nodes = [Node(int(f[0]), f[1], int(f[2]), int(f[3]), int(f[4]), int(f[5]), f[6], f[7])
                      for f in (line.split("\t") for line in lines[1:] if line and not line.startswith("reason\t"))]
        self.python = {node.address: node for node in self.nodes if node.sort == "python"}


def look(bench, mode):
    """Records prog/peers.py; returns what the copy found, and the snapshot."""
    facts = bench.path("facts.json")
    trace = bench.record("peers.py", PACKAGE, facts, mode, COUNT)
    with open(facts, encoding="utf-8") as file:
        found = json.load(file)
    return found, Snapshot(bench.nodes(trace, "peers")), trace


def some(things):
    things = list(things)
    return "; ".join(map(str, things[:LISTED])) + (f"; … {len(things)} in all" if len(things) > LISTED else "")


@scenario("peers-python-objects")
def objects(bench):
    """Every object that Python can name is a node of its type, tracked as Python says; and there are no others."""
    rows, snapshot, _ = look(bench, "python")
    expect(not snapshot.reasons, f"the graph is not whole: {snapshot.reasons}")
    known = {address: (bool(tracked), f"{module}.{name}") for address, tracked, module, name, _, _ in rows}
    missing = [f"{known[a][1]} at {a:#x}" for a in known if a not in snapshot.python]
    expect(len(missing) <= PASSING, f"{len(missing)} of {len(known)} objects are no nodes: {some(missing)}")
    renamed = [f"{known[a][1]} is a {node.name}" for a, node in snapshot.python.items()
               if a in known and known[a][1].rpartition(".")[2] != node.type.rpartition(".")[2]]
    expect(len(renamed) <= PASSING, f"{len(renamed)} nodes have another type than Python says: {some(renamed)}")
    tracked = [f"{known[a][1]}: {known[a][0]}" for a, node in snapshot.python.items()
               if a in known and known[a][0] != node.tracked]
    expect(len(tracked) <= PASSING, f"{len(tracked)} nodes are tracked otherwise than Python says: {some(tracked)}")
    unknown = collections.Counter(node.name for a, node in snapshot.python.items() if a not in known and node.tracked)
    expect(sum(unknown.values()) <= PASSING, f"tracked objects that Python does not have: {unknown.most_common(LISTED)}")


@scenario("peers-sum")
def sums(bench):
    """The bytes of all nodes are the live bytes of the snapshot, to the byte."""
    _, snapshot, trace = look(bench, "python")
    expect_equal("bytes of all nodes as the loader adds them", snapshot.bytes, snapshot.live)
    expect_equal("bytes of all nodes", sum(node.bytes for node in snapshot.nodes), snapshot.live)
    rows = bench.types(trace, "--snapshot", "peers").values()
    expect_equal("bytes of all types", sum(row["bytes"] for row in rows), snapshot.live)
    expect_equal("nodes of all types", sum(row["count"] for row in rows), snapshot.nodes_said)


def sizes_of(rows, snapshot):
    """{(type, sort): [objects, bytes by sys.getsizeof, bytes by heapline]}, of objects with blocks that both know."""
    found = collections.defaultdict(lambda: [0, 0, 0])
    for address, _, module, name, sort, size in rows:
        node = snapshot.python.get(address)
        if node and node.bytes and size >= 0 and node.type.rpartition(".")[2] == name:
            sums = found[f"{module}.{name}", sort]
            sums[0] += 1
            sums[1] += size
            sums[2] += node.bytes
    return found


def explained():
    """The document's table of sizes: {type or sort: (least, most)}, of bytes an object more than sys.getsizeof."""
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    part = text.split("<!-- sizes: begin -->")[1].split("<!-- sizes: end -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| `")]
    ranges = {}
    for cells in rows:
        numbers = [float(n.replace(",", "")) for n in re.findall(r"[-+]?[\d,]+", cells[1])]
        for name in re.findall(r"`([^`]+)`", cells[0]):
            ranges[name] = (min(numbers), max(numbers))
    expect(ranges, f"{DOCUMENT} has no table of sizes")
    return ranges


@scenario("peers-sizes")
def sizes(bench):
    """Bytes of every type are those of sys.getsizeof, or the document says what differs."""
    rows, snapshot, _ = look(bench, "python")
    ranges, wrong = explained(), []
    for (name, sort), (count, said, bytes_) in sorted(sizes_of(rows, snapshot).items()):
        more = (bytes_ - said) / count
        least, most = ranges.get(name) or ranges.get(sort) or (0, 0)
        if not least <= more <= most:
            wrong.append(f"{name}: {count} objects, sys.getsizeof {said}, blocks {bytes_}: {more:+.1f} each, explained "
                         f"{least:+.0f} to {most:+.0f}")
    expect(not wrong, "\n" + "\n".join(wrong))


@scenario("peers-objgraph")
def objgraph(bench):
    """Counts of tracked objects by type are objgraph.typestats'."""
    bench.need_module("objgraph")
    counts, snapshot, _ = look(bench, "objgraph")
    ours = collections.Counter(node.type.rpartition(".")[2] for node in snapshot.python.values() if node.tracked)
    theirs = collections.Counter()
    for name, count in counts.items():
        theirs[name.rpartition(".")[2]] += count
    off = {name: (theirs[name], ours[name]) for name in theirs.keys() | ours.keys() if theirs[name] != ours[name]}
    apart = sum(abs(a - b) for a, b in off.values())
    expect(apart <= PASSING, f"objgraph's and heapline's counts are {apart} apart: {some(off.items())}")
    for name in ("Plain", "Slotted", "Many", "WithDict", "Mapped", "Listed", "Failed", "Point"):
        expect_equal(f"tracked {name}", ours[name], theirs[name])


# Instances without __dict__: their retained bytes without their own are guppy3's to the byte.
ALIKE = ("Slotted", "Mapped", "Listed", "Text", "Number", "Point", "Long")
# From 3.11 on instances keep attributes in themselves; guppy3 makes them a dict each to look at, which the program does not have.
ALIKE_WITH_DICT = ("Plain", "Slow", "WithDict")


@scenario("peers-guppy")
def guppy(bench):
    """What retained bytes of the program's own types have beyond the objects' own is guppy3's, where both see the same; the
    document says why else."""
    bench.need_module("guppy")
    rows, _, trace = look(bench, "guppy")
    theirs = {kind.rpartition("__main__.")[2]: (count, retained - bytes_) for kind, count, bytes_, retained in rows
              if kind.startswith("__main__.")}
    ours = {name: (row["count"], row["retained_bytes"] - row["bytes"])
            for name, row in bench.types(trace, "module:__main__", "--snapshot", "peers").items()}
    names = ALIKE + (ALIKE_WITH_DICT if not bench.interpreter.at_least(3, 11) else ())
    wrong = [f"{name}: guppy3 {theirs[name]}, heapline {ours.get(name)}" for name in names if theirs[name] != ours.get(name)]
    expect(not wrong, "objects, bytes retained beyond their own:\n" + "\n".join(wrong))
