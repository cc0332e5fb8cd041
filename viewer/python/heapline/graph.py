"""Who holds what in this very process: objgraph's calls for notebooks and debuggers, with sizes and the lines that allocated.

    import heapline.graph
    heapline.graph.show_growth()                          what there is more of than at the last call
    heapline.graph.show_chain(order)                      the shortest way from a root to it
    heapline.graph.show_backrefs(order, filename="who.svg")
    now = heapline.graph.take("loaded")                   one snapshot, many questions
    now.show_most_common_types(); now.by_type("Order")

Every function takes a snapshot: the process is copied, stands still for some milliseconds, and the copy is looked
at. No object is touched, no reference is counted, the
collector does not run. That takes a program that runs under `heapline run`; elsewhere GraphError says so.
"""
from __future__ import annotations

import itertools
import json
import os
import sys

from ._graph_command import GraphError, ask, words
from ._graph_picture import Picture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

__all__ = ["Graph", "GraphError", "Growth", "Picture", "Record", "by_type", "count", "find_chain", "growth", "most_common_types", "show_backrefs", "show_chain",
           "show_growth", "show_most_common_types", "show_refs", "take"]

ALL = "1000000000"


class Growth(tuple):
    """(type, how many there are, how many more than before), with bytes beside."""

    bytes: int
    more_bytes: int

    def __new__(cls, name: str, now: int, more: int, bytes: int = 0, more_bytes: int = 0) -> Growth:
        self = super().__new__(cls, (name, now, more))                   # type: ignore[type-var]
        self.bytes, self.more_bytes = bytes, more_bytes
        return self


class Record:
    """What is known of an object. Holds no reference to it."""

    __slots__ = ("address", "type", "bytes", "line", "text")

    def __init__(self, address: int, type: str, bytes: int, line: Optional[str], text: Optional[str]) -> None:
        self.address, self.type, self.bytes, self.line, self.text = address, type, bytes, line, text

    def __repr__(self) -> str:
        text = " " + self.text if self.text else ""
        return "<%s%s at 0x%x, %d bytes%s>" % (self.type, text, self.address, self.bytes, ", " + self.line if self.line else "")

    def object(self) -> Any:
        """The object, if it is still there and the collector tracks it; else None. Looked for among the collector's
        objects: the address is believed no further."""
        import gc
        for candidate in gc.get_objects():
            if id(candidate) == self.address and type(candidate).__name__ == self.type:
                return candidate
        return None


class Graph:
    """The reference graph of one snapshot."""

    def __init__(self, trace: str, snapshot: str) -> None:
        """A snapshot of a recording: its path, and the snapshot's label or number ("#3"). take() makes one of this process."""
        self.trace, self.snapshot = trace, snapshot

    def __repr__(self) -> str:
        return "Graph(%r, %r)" % (self.trace, self.snapshot)

    def types(self) -> List[Dict[str, Any]]:
        """The rows of `heapline graph types --json`."""
        return self._ask("types", "--top", ALL)["types"]                  # type: ignore[no-any-return]

    def most_common_types(self, limit: Optional[int] = 10) -> List[Tuple[str, int]]:
        """[(type, count)] of Python's objects, the most first."""
        sums = _sums(self.types())
        return sorted(((name, count) for name, (count, _) in sums.items()), key=lambda row: (-row[1], row[0]))[:limit]

    def show_most_common_types(self, limit: Optional[int] = 10, file: Any = None) -> None:
        _print_table([(name, str(count)) for name, count in self.most_common_types(limit)], file)

    def count(self, typename: str) -> int:
        """How many objects of the type there are, "Order" or "app.Order"."""
        return sum(row["count"] for row in _python(self.types()) if typename in _names(row))

    def by_type(self, typename: str) -> List[Record]:
        """A record of each object of the type, "Order" or "app.Order"."""
        return self.select("type:" + _quoted(typename))

    def select(self, selector: str) -> List[Record]:
        """What a SELECTOR of `heapline graph` chooses: "type:Order new-since:loaded"."""
        found = self._find("list", "--top", ALL, selector=selector)
        return [_record(node) for node in found["objects"]] if found else []

    def show_refs(self, objs: Any, filename: Optional[str] = None, max_depth: int = 3, too_many: int = 10) -> Picture:
        """What the objects refer to. objs: an object, a list of objects, or a SELECTOR."""
        addresses = _selector(objs)
        del objs
        return self._picture("refs", addresses, filename, "--depth", str(max_depth), "--too-many", str(too_many))

    def show_backrefs(self, objs: Any, filename: Optional[str] = None, max_depth: int = 3, too_many: int = 10) -> Picture:
        """Who refers to the objects. objs: an object, a list of objects, or a SELECTOR."""
        addresses = _selector(objs)
        del objs
        return self._picture("backrefs", addresses, filename, "--depth", str(max_depth), "--too-many", str(too_many))

    def show_chain(self, objs: Any, filename: Optional[str] = None) -> Picture:
        """The shortest way from a root to one of the objects."""
        addresses = _selector(objs)
        del objs
        return self._picture("chain", addresses, filename)

    def find_chain(self, objs: Any) -> Optional[str]:
        """The same as a line of text, "books in __main__[0].history[17]"; None: nothing leads there."""
        addresses = _selector(objs)
        del objs
        found = self._find("chain", selector=addresses)
        return found["expression"] if found else None

    def _ask(self, verb: str, *options: str, selector: Optional[str] = None) -> Any:
        return ask(["graph", verb, "--json", "--snapshot", self.snapshot, *options, self.trace] + ([selector] if selector else []))

    def _find(self, verb: str, *options: str, selector: str) -> Any:
        """The same, or None where there is nothing of that kind."""
        try:
            return self._ask(verb, *options, selector=selector)
        except GraphError as error:
            if error.status == 1:
                return None
            raise

    def _picture(self, verb: str, selector: str, filename: Optional[str], *options: str) -> Picture:
        picture = Picture(["graph", verb, "--snapshot", self.snapshot, *options], [self.trace, selector])
        if filename is not None:
            picture.save(filename)
        return picture


_numbers = itertools.count(1)
_last = b"{}"                          # growth()'s last figures, as JSON: one object, which does not show in the next ones


def take(label: Optional[str] = None) -> Graph:
    """Takes a snapshot of this process and waits until it is in the recording, of which it returns the place."""
    if "HEAPLINE_SOCKET" not in os.environ or not os.environ["HEAPLINE_SOCKET"]:
        raise GraphError("this process is not recorded: start the program, notebook server or shell under heapline, as in `heapline run -- %s`" %
                         " ".join(words()))
    answer = ask(["snapshot", "--json", "--label", label or "heapline.graph %d of process %d" % (next(_numbers), os.getpid()), str(os.getpid())])
    if not answer.get("trace"):
        raise GraphError("the recording has no file that can be read: name one with `heapline run -o FILE`")
    if not answer["graph"]:
        raise GraphError("the snapshot has no reference graph: %s" % answer["sentence"])
    return Graph(answer["trace"], "#%d" % answer["number"])


def growth(limit: Optional[int] = 10) -> List[Growth]:
    """What there is more of than at the last call, [(type, how many there are, how many more)], the most first; at
    the first call all that there is. Each has .bytes and
    .more_bytes. limit=None: all."""
    global _last
    if _last == b"{}":
        json.dumps(_sums(take().types()))     # what is made once, on the first way through, is no growth
    now = _sums(take().types())
    before = json.loads(_last.decode())
    _last = json.dumps(now).encode()
    grown = []
    for name, (count, size) in now.items():
        old_count, old_size = before.get(name, (0, 0))
        if count > old_count:
            grown.append(Growth(name, count, count - old_count, size, size - old_size))
    grown.sort(key=lambda row: (-row[2], row[0]))
    return grown[:limit]


def show_growth(limit: Optional[int] = 10, file: Any = None) -> None:
    """Prints growth(), with bytes."""
    _print_table([(row[0], str(row[1]), "%+d" % row[2], "%+d bytes" % row.more_bytes) for row in growth(limit)], file)


def most_common_types(limit: Optional[int] = 10) -> List[Tuple[str, int]]:
    """[(type, count)] of Python's objects, the most first; also those that the collector does not track."""
    return take().most_common_types(limit)


def show_most_common_types(limit: Optional[int] = 10, file: Any = None) -> None:
    take().show_most_common_types(limit, file)


def count(typename: str) -> int:
    """How many objects of the type there are, "Order" or "app.Order"."""
    return take().count(typename)


def by_type(typename: str) -> List[Record]:
    """A record of each object of the type: address, type, bytes, line, text. They hold no object; record.object()
    looks for the object."""
    return take().by_type(typename)


def show_refs(objs: Any, filename: Optional[str] = None, max_depth: int = 3, too_many: int = 10) -> Picture:
    """Draws what the objects refer to, `max_depth` steps deep and at most `too_many` of each. filename: it ends with
    .svg, .png, .pdf, .html, .dot, .json or .txt. The
    result shows itself in a notebook and prints as text. objs: an object, a list of objects, or a SELECTOR of
    `heapline graph`."""
    addresses = _selector(objs)
    del objs
    return take().show_refs(Addresses(addresses), filename, max_depth, too_many)


def show_backrefs(objs: Any, filename: Optional[str] = None, max_depth: int = 3, too_many: int = 10) -> Picture:
    """Draws who refers to the objects; else like show_refs."""
    addresses = _selector(objs)
    del objs
    return take().show_backrefs(Addresses(addresses), filename, max_depth, too_many)


def show_chain(objs: Any, filename: Optional[str] = None) -> Picture:
    """Draws the shortest way from a root to one of the objects; else like show_refs."""
    addresses = _selector(objs)
    del objs
    return take().show_chain(Addresses(addresses), filename)


def find_chain(objs: Any) -> Optional[str]:
    """The shortest way from a root to one of the objects as text, "books in __main__[0].history[17]"; None: nothing
    leads there."""
    addresses = _selector(objs)
    del objs
    return take().find_chain(Addresses(addresses))


class Addresses(str):
    """A SELECTOR, and no str whose holders are asked for."""

    __slots__ = ()


def _selector(objs: Any) -> str:
    """Objects become addresses before the snapshot is taken, so that no variable of this module refers to them then."""
    if isinstance(objs, Addresses):
        return objs
    if isinstance(objs, str) and _is_selector(objs):
        return objs
    if isinstance(objs, Record):
        objs = [objs]
    many = objs if isinstance(objs, (list, tuple)) and objs else [objs]
    return "addr:" + "|".join("0x%x" % (one.address if isinstance(one, Record) else id(one)) for one in many)


def _is_selector(text: str) -> bool:
    return text.partition(":")[0] in ("type", "line", "addr", "module", "size", "new-since", "held-by")


def _quoted(name: str) -> str:
    return '"%s"' % name if set(name) & set(" ,'") else name


def _python(rows: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    return [row for row in rows if row["type"]["sort"] == "python"]


def _name(row: Dict[str, Any]) -> str:
    """As objgraph has it: the class's own name."""
    return row["type"]["name"].rpartition(".")[2]                         # type: ignore[no-any-return]


def _names(row: Dict[str, Any]) -> Tuple[str, str, str, str]:
    """All that a type can be asked for by."""
    name, module = row["type"]["name"], row["type"]["module"]
    return _name(row), name, "%s.%s" % (module, _name(row)), "%s.%s" % (module, name)


def _record(node: Dict[str, Any]) -> Record:
    line = node["line"]
    place = "%s:%d" % (line["file"], line["line"]) if line and line["file"] and line["line"] else None
    return Record(node["address"], _name(node), node["bytes"], place, node["value"])


def _sums(rows: List[Dict[str, Any]]) -> Dict[str, Tuple[int, int]]:
    """{name: (count, bytes)} of Python's objects: classes of one name are one, as in objgraph."""
    sums: Dict[str, Tuple[int, int]] = {}
    for row in _python(rows):
        count, size = sums.get(_name(row), (0, 0))
        sums[_name(row)] = (count + row["count"], size + row["bytes"])
    return sums


def _print_table(rows: List[Tuple[str, ...]], file: Any) -> None:
    """The first column to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows)]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print(" ".join(cells).rstrip(), file=file or sys.stdout)
