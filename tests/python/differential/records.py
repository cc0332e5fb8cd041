# Records made by code that is made at run time: namedtuple, dataclass, enum, SimpleNamespace.
import collections
import dataclasses
import enum
import types

Point = collections.namedtuple("Point", "x y name")


@dataclasses.dataclass
class Book:
    title: str
    pages: int = 0
    tags: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(order=True)
class Ranked:
    rank: int
    text: str = "none"


class Colour(enum.Enum):
    RED = "red as text"
    BLUE = "blue as text"


points = [Point(i * 1000, i * 1000 + 1, "point %d" % i) for i in range(100)]
moved = [p._replace(x=bytes(30)) for p in points]
books = [Book("title %d" % i) for i in range(100)]
for book in books:
    book.tags.append("tag of %s" % book.title)
ranked = sorted(Ranked(i % 7, "text %d" % i) for i in range(60))
spaces = [types.SimpleNamespace(a=bytes(i), b=str(i)) for i in range(1000, 1060)]
colours = [Colour("red as text"), Colour.BLUE]
as_dicts = [dataclasses.asdict(b) for b in books[:30]]
