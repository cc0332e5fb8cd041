#!/usr/bin/env python3
"""Runs kinds.py under heapline and checks who refers to whom in its graph, by what name: each edge that is expected is written
down here, thought through from what the program does. Counts agree: no object is referred to more often than it counts, and what
kinds.py made itself is explained to the last reference.
"""
import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))

import virtual_environment                               # noqa: E402

KINDS = [None, "OFFSET", "INSIDE", "FIELD", "NAMED", "ATTRIBUTE", "SLOT", "INDEX", "VALUE", "KEY", "ITEM", "LOCAL", "STACK",
         "CELL", "CLASS", "WEAK", "PART"]
UNCOUNTED = {"OFFSET", "INSIDE", "WEAK", "PART"}
NAMES_NODE = {"ATTRIBUTE", "VALUE", "LOCAL"}
PYTHON, TRACKED, IMMORTAL, FREE, CUT, TEXT_CUT = 1, 2, 4, 8, 32, 64


class Node:
    def __init__(self, number, size, flags, references, type_name, text):
        self.number, self.size, self.flags, self.references = number, size, flags, references
        self.type, self.text = type_name, text
        self.edges = []                  # (kind, value, number)
        self.counted = 0

    def __repr__(self):
        return f"<{self.type} {self.text!r}>" if self.text else f"<{self.type}>"


class Graph:
    def __init__(self, text):
        self.nodes, self.types, self.reasons = {}, {0: ""}, []
        for line in text.split("\n"):
            self.take(line.split("\t"))
        for node in self.nodes.values():
            for kind, _, target in node.edges:
                if kind not in UNCOUNTED and target in self.nodes:
                    self.nodes[target].counted += 1

    def take(self, word):
        if word[0] == "T":
            self.types[int(word[1])] = word[2]
        elif word[0] == "N":
            number, size, flags, references, type_number = (int(word[i]) for i in (1, 3, 4, 5, 6))
            self.nodes[number] = Node(number, size, flags, references, self.types[type_number], word[7])
        elif word[0] == "E":
            self.nodes[int(word[1])].edges.append((KINDS[int(word[2])], word[3], int(word[4])))
        elif word[0] == "W":
            self.reasons.append(word[1])

    def label(self, kind, value):
        return self.nodes[int(value)].text if kind in NAMES_NODE else value

    def follow(self, node, kind, label=None):
        """Targets of a node's edges of that kind and label."""
        return [self.nodes[target] for k, value, target in node.edges
                if k == kind and target in self.nodes and (label is None or self.label(k, value) == label)]

    def globals(self, module):
        for node in self.nodes.values():
            if node.type == "module" and node.text == module:
                return self.follow(node, "NAMED", "__dict__")[0]
        raise SystemExit(f"module {module} is not in the graph")


# Name in kinds.py; kind and label of each edge in turn; what is at the end: a class, or 'text' that the object shows.
EDGES = """
plain                CLASS : 'Plain'
split_dict           VALUE first : PlainFirst
slotted              SLOT left : Left
slotted              SLOT right : Right
slotted_more         SLOT left : MoreLeft
slotted_more         SLOT more : More
a_list               INDEX 0 : '1'
a_list               INDEX 1 : ListItem
a_list               CLASS : 'list'
a_list               CLASS / NAMED __dict__ / VALUE append : 'append'
a_tuple              INDEX 0 : TupleItem
a_dict               VALUE key : DictValue
a_dict               VALUE 12345 : 'twelve'
a_dict               KEY 0 : 'key'
a_dict               KEY 1 : '12345'
a_dict               KEY 2 / INDEX 0 : 't'
deleted_dict         VALUE 5 : Kept
a_set                ITEM : SetItem
frozen               ITEM : FrozenItem
a_deque              INDEX 150 : DequeItem
ordered              VALUE two : OrderedValue
ordered              VALUE one : '1'
defaulting           VALUE there : DefaultValue
defaulting           SLOT default_factory : 'leaf'
counter              VALUE abc : '2'
same                 VALUE same 500 : 'same 500'
point                INDEX 0 : PointX
point                CLASS : 'Point'
my_list              INDEX 0 : MyListItem
my_dict              VALUE key : MyDictValue
my_tuple             INDEX 0 : MyTupleItem
my_set               ITEM : MySetItem
my_set               SLOT extra : MySetExtra
function             NAMED __code__ / NAMED co_consts / INDEX 0 : 'None'
function             NAMED __name__ : 'function'
function             NAMED __module__ : '__main__'
function             NAMED __globals__ / VALUE __name__ : '__main__'
function             NAMED __defaults__ / INDEX 0 : Default
function             NAMED __kwdefaults__ / VALUE c : KeywordDefault
function             NAMED __dict__ / VALUE attribute : FunctionAttribute
function             NAMED __code__ / NAMED co_filename : '{path}'
closure              NAMED __closure__ / INDEX 0 / CELL 0 : Captured
closure              NAMED __qualname__ : 'make_closure.<locals>.inner'
bound                NAMED __self__ : WithMeta
bound                NAMED __func__ : 'WithMeta.method'
builtin              NAMED __self__ / INDEX 0 : BuiltinSelf
partial              SLOT func : 'function'
partial              SLOT args / INDEX 0 : PartialArgument
partial              SLOT keywords / VALUE c : PartialKeyword
with_meta            CLASS / NAMED __dict__ / VALUE static : Static
with_meta            CLASS / CLASS : 'Meta'
with_meta            CLASS / NAMED __dict__ / VALUE prop / SLOT fget : 'WithMeta.prop'
with_meta            CLASS / NAMED __dict__ / VALUE make / NAMED __func__ : 'WithMeta.make'
with_meta            CLASS / NAMED __dict__ / VALUE helper / NAMED __func__ : 'WithMeta.helper'
with_meta            CLASS / NAMED __mro__ / INDEX 1 : 'object'
with_meta            CLASS / NAMED __bases__ / INDEX 0 : 'object'
with_meta            CLASS / NAMED __name__ : 'WithMeta'
weak                 WEAK : Referent
weak_callback        NAMED __callback__ : 'make_closure.<locals>.inner'
proxy                WEAK : Referent
cached               NAMED __dict__ / VALUE __wrapped__ : 'cached'
cached               ITEM / NAMED result : Cached1
unbounded            NAMED func : 'leaf'
unbounded            NAMED cache / VALUE Unbounded : Unbounded
list_iterator        NAMED it_seq / INDEX 0 : IteratedItem
mapped               NAMED function : 'leaf'
mapped               NAMED iterators / INDEX 0 / NAMED it_seq / INDEX 0 : 'Mapped'
chained              NAMED source / NAMED it_seq / INDEX 0 / INDEX 0 : Chained
enumerated           NAMED iterator / NAMED it_seq / INDEX 0 : Enumerated
keys_view            NAMED mapping / VALUE viewed : Viewed
slice_object         SLOT start : SliceStart
range_object         NAMED start : ''
pattern              NAMED groupindex / VALUE name : '1'
pattern              NAMED indexgroup / INDEX 1 : 'name'
match                SLOT re / SLOT pattern : 'f(?P<name>o+)'
zoned                NAMED tzinfo / NAMED name : 'a zone'
error                NAMED args / INDEX 0 : ErrorArgument
error                NAMED __dict__ / VALUE attribute : ErrorAttribute
error                NAMED __cause__ / NAMED args / INDEX 0 : CauseArgument
superior             NAMED __self__ : MyList
superior             NAMED __thisclass__ : 'MyList'
memory               NAMED buffer / NAMED obj / CLASS : 'bytearray'
zipped               NAMED iterators / INDEX 0 / NAMED it_seq / INDEX 0 : Zipped
called               NAMED sentinel : Sentinel
variable             NAMED default : VariableDefault
element              NAMED tag : 'a tag'
element              NAMED text : ElementText
element              NAMED attrib / VALUE name : ElementAttribute
element              INDEX 0 / NAMED tail : ElementTail
element              INDEX 7 / INDEX 1 / NAMED attrib / VALUE name : Grandchild
parsed               INDEX 0 / NAMED text / INDEX 1 : '&'
task                 NAMED _name : 'a task'
task                 NAMED _fut_waiter / NAMED _loop / CLASS : '_UnixSelectorEventLoop'
task                 NAMED _context / CLASS / NAMED __dict__ / VALUE run : 'run'
done                 NAMED _result : Result
failed               NAMED _exception / NAMED args / INDEX 0 : FutureError
called_back          NAMED callback : 'leaf'
called_back          NAMED _callbacks / INDEX 0 / INDEX 0 : 'function'
mapping              NAMED mapping / VALUE __init__ : 'Plain.__init__'
code                 NAMED co_name : 'function'
module               NAMED __name__ : 'collections'
cycle                INDEX 0 / INDEX 0 : list
bytes_io             NAMED buffer : bytes
"""
ATTRIBUTES = ("plain PlainFirst, plain PlainSecond, materialised PlainSecond, my_list MyListAttribute, my_dict MyDictAttribute, "
              "my_tuple MyTupleAttribute, my_int MyIntAttribute, my_str MyStrAttribute, wide Wide, slotted_more MoreFree")
# From 3.11 on an object keeps its attributes without a dict. From 3.13 on they stay its own when it is asked for one.
EDGES_TO_310 = """
task                 NAMED _coro / NAMED cr_frame / LOCAL waited : Awaited
plain                NAMED __dict__ / VALUE first : PlainFirst
"""
EDGES_FROM_311 = """
task                 NAMED _coro / LOCAL waited : Awaited
plain                ATTRIBUTE first : PlainFirst
plain                ATTRIBUTE second : PlainSecond
"""
EDGES_TO_312 = """
materialised         NAMED __dict__ / VALUE second : PlainSecond
materialised_dict    VALUE first : PlainFirst
"""
EDGES_FROM_313 = """
materialised         ATTRIBUTE second : PlainSecond
materialised         NAMED __dict__ : dict
"""
NUMPY_EDGES = """
view_array           NAMED base : ndarray
object_array         INDEX 1 : ArrayItem
object_array         NAMED dtype : dtype[object_]|ObjectDType
"""
EXTENSION_EDGES = """
visited              FIELD 24 : Hidden
visited              SLOT shown : Shown
visited              FIELD 64 : Wrapped
visited              FIELD 72 / INDEX 0 : Inner
visited              ITEM : First
visited              ITEM : Second
visited              CLASS : 'Visited'
silent               SLOT member : Member
silent               OFFSET 24 : Secret
derived              FIELD 24 : DerivedHidden
"""
GETTER_EDGES = """
visited              SLOT got : Got
derived              SLOT got : DerivedGot
"""
SECRET = "Secret"                        # what holds it tells nobody
EXTENSION_BUFFER = 12345                 # bytes of memory that a Visited has at 40
# name: text that is shown, and flags that it has
TEXTS = {
    "ascii_text": ("plain text, 24 characters", 0),
    "latin_text": ("gr\u00fc\u00df dich", 0), "wide_text": ("snow \u2603 and \U0001f600", 0),
    "long_text": ("x" * 96, TEXT_CUT), "octets": ("some \\x00 octets", 0), "number": ("1234567890123456789", 0),
    "negative": ("-987654321987", 0), "huge": ("", 0),
    "real": ("2.75", 0), "code": ("function (kinds.py:{line})", 0), "module": ("collections", 0),
    "function": ("function", 0), "bound": ("WithMeta.method", 0),
    "builtin": ("append", 0), "Plain": ("Plain", 0), "cycle": ("", TRACKED), "a_list": ("", TRACKED),
}
# name: bytes that its own block and its parts have at least
SIZES = {"a_list": 16, "byte_array": 5001, "int_array": 8000, "string_io": 4 * 2000, "a_deque": 200 * 8,
         "long_text": 1000, "removed_set": 50 * 16, "bytes_io": 24}
NUMPY_SIZES = {"float_array": 100 * 200 * 8, "object_array": 16}


def bytes_of(graph, node):
    return node.size + sum(graph.part_sizes.get(target, 0) for kind, _, target in node.edges if kind == "PART")


def ends(graph, start, steps):
    nodes = [start]
    for step in steps:
        kind, _, label = step.strip().partition(" ")
        nodes = [target for node in nodes for target in graph.follow(node, kind, label or None)]
    return nodes


def check_edge(graph, named, line, path):
    name, _, rest = line.partition(" ")
    way, _, end = rest.rpartition(" : ")
    found = ends(graph, named[name], way.strip().split(" / "))
    end = end.strip().format(path=path)
    good = [node for node in found if (node.text == end[1:-1] if end.startswith("'") else node.type in end.split("|"))]
    has = describe(graph, named[name])
    return None if good else f"{name}: {way.strip()} should lead to {end}, leads to {found}; it has {has}"


def describe(graph, node):
    return [(kind, graph.label(kind, value), graph.nodes.get(target)) for kind, value, target in node.edges][:12]


def check_attribute(graph, named, name, end):
    node = named[name]
    found = graph.follow(node, "ATTRIBUTE")
    for a_dict in graph.follow(node, "NAMED", "__dict__"):
        found += graph.follow(a_dict, "VALUE")
    return None if any(n.type == end for n in found) else f"{name}: no attribute leads to {end}: {describe(graph, node)}"


def check_counts(graph, named):
    wrong = []
    for node in graph.nodes.values():
        if not node.flags & PYTHON or node.flags & IMMORTAL or node.size == 0:
            continue
        if node.counted > node.references:
            wrong.append(f"{node} counts {node.references} references, the graph has {node.counted}")
    leaves = [n for n in graph.nodes.values() if n.flags & PYTHON and n.type in LEAVES]
    for node in leaves + list(named.values()):
        if node.flags & IMMORTAL or node.size == 0 or node.type in ("str", "int", "module"):
            continue
        if node.counted < node.references - (node.type == SECRET):
            wrong.append(f"{node} counts {node.references} references, the graph explains {node.counted}")
    for node in graph.nodes.values():
        if node.flags & CUT:
            wrong.append(f"{node} could not be read to its end")
    return wrong


LEAVES = set()


def lines_of(version, more):
    texts = [EDGES, EDGES_FROM_311 if version >= (3, 11) else EDGES_TO_310]
    texts += [EDGES_FROM_313 if version >= (3, 13) else EDGES_TO_312]
    texts += [NUMPY_EDGES] if "--numpy" in more else []
    texts += [EXTENSION_EDGES] if "--extension" in more else []
    texts += [GETTER_EDGES] if "--extension" in more and platform.machine() == "x86_64" else []
    return [line for text in texts for line in text.split("\n") if line]


def check(graph, path, lines, more):
    scope = graph.globals("__main__")
    named = {graph.label(kind, value): graph.nodes[target] for kind, value, target in scope.edges if kind == "VALUE"}
    LEAVES.update(line.rpartition(" : ")[2] for line in lines if "'" not in line.rpartition(" : ")[2])
    LEAVES.difference_update(("list", "bytes", "dict", "ndarray", "dtype[object_]", "ObjectDType"))
    wrong = [check_edge(graph, named, line, path) for line in lines]
    if "--extension" in more:
        if not any(node.size == EXTENSION_BUFFER for node in graph.follow(named["visited"], "OFFSET", "40")):
            wrong.append(f"visited: its buffer is not at 40: {describe(graph, named['visited'])}")
        wrong.append(check_attribute(graph, named, "derived", "DerivedAttribute"))
    for pair in ATTRIBUTES.split(", "):
        wrong.append(check_attribute(graph, named, *pair.split()))
    with open(path) as source:
        line = 1 + next(i for i, text in enumerate(source) if text.startswith("def function("))
    for name, (text, flags) in TEXTS.items():
        node = named[name]
        if node.text != text.format(line=line) or node.flags & flags != flags:
            wrong.append(f"{name} shows {node.text!r} with flags {node.flags:#x}, expected {text!r} with {flags:#x}")
    for name, least in {**SIZES, **(NUMPY_SIZES if "--numpy" in more else {})}.items():
        if bytes_of(graph, named[name]) < least:
            has = describe(graph, named[name])
            wrong.append(f"{name} has {bytes_of(graph, named[name])} bytes, at least {least} are its own: {has}")
    return [w for w in wrong if w] + check_counts(graph, named)


def build_extension(arguments, folder):
    """False: the interpreter's headers or a compiler are not there."""
    ask = "import sysconfig; print(sysconfig.get_paths()['include'], sysconfig.get_config_var('EXT_SUFFIX'))"
    include, suffix = subprocess.run([arguments.python, "-c", ask], stdout=subprocess.PIPE, check=True).stdout.decode().split()
    if not os.path.exists(os.path.join(include, "Python.h")) or not shutil.which("cc"):
        return False
    built, source = os.path.join(folder, "extension" + suffix), os.path.join(HERE, "extension.c")
    subprocess.run(["cc", "-O1", "-g", "-shared", "-fPIC", "-w", "-I" + include, "-o", built, source], check=True)
    return True


def run(arguments, folder):
    trace = os.path.join(folder, "kinds.hpl")
    program = os.path.join(HERE, "kinds.py")
    numpy = subprocess.run([arguments.python, "-c", "import numpy"], stderr=subprocess.DEVNULL).returncode == 0
    more = (["--numpy"] if numpy else []) + (["--extension", folder] if build_extension(arguments, folder) else [])
    command = [arguments.heapline, "run", "--graph", "-o", trace, "--", arguments.python, program] + more
    subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = subprocess.run([arguments.list, trace], check=True, timeout=60, stdout=subprocess.PIPE).stdout.decode(errors="replace")
    graph = Graph(text)
    graph.part_sizes = sizes_of_parts(text)
    return graph, program, more


def sizes_of_parts(text):
    return {int(w[1]): int(w[2]) for w in (line.split("\t") for line in text.split("\n")) if w[0] == "B"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heapline", required=True)
    parser.add_argument("--list", required=True, help="the built list.c")
    parser.add_argument("--python", default=sys.executable)
    virtual_environment.add_peers_option(parser)
    arguments = parser.parse_args()
    virtual_environment.use_peers(arguments)
    ask = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    version = subprocess.run([arguments.python, "-c", ask], stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    release = tuple(int(part) for part in version.split(".")[:2])
    with tempfile.TemporaryDirectory() as folder:
        graph, program, more = run(arguments, folder)
    lines = lines_of(release, more)
    wrong = check(graph, program, lines, more)
    counted = [n for n in graph.nodes.values() if n.flags & PYTHON and n.size and not n.flags & IMMORTAL]
    exact = sum(n.counted == n.references for n in counted)
    absent = [name for name, option in (("numpy", "--numpy"), ("the interpreter's headers", "--extension")) if option not in more]
    print(f"CPython {version}: {len(lines)} edges, {len(graph.nodes)} nodes, {exact} explained, "
          f"{len(counted) - exact} held from C"
          + (f"; skipped, not there: {', '.join(absent)}" if absent else ""))
    for line in wrong:
        print("  " + line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
