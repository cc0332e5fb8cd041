"""One of each kind of object, under its name in this module: check.py knows what refers to what."""
import array
import asyncio
import collections
import contextvars
import datetime
import functools
import io
import itertools
import re
import sys
import weakref
import xml.etree.ElementTree


class Leaf:
    """What is referred to: a class each, so that none is mistaken for another."""


def leaf(name):
    return type(name, (Leaf,), {})()


class Plain:
    def __init__(self):
        self.first = leaf("PlainFirst")
        self.second = leaf("PlainSecond")


class Wide:                              # more attributes than shared keys have
    def __init__(self):
        for i in range(60):
            setattr(self, "a%02d" % i, leaf("Wide") if i == 50 else None)


class Slotted:
    __slots__ = ("left", "right", "unset")


class SlottedMore(Slotted):
    __slots__ = ("more", "__dict__", "__weakref__")


class MyList(list):
    pass


class MyDict(dict):
    pass


class MyTuple(tuple):
    pass


class MyInt(int):
    pass


class MyStr(str):
    pass


class MySet(set):
    __slots__ = ("extra",)


class MyError(ValueError):
    pass


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    static = leaf("Static")

    def method(self):
        return self

    @property
    def prop(self):
        return self

    @classmethod
    def make(cls):
        return cls()

    @staticmethod
    def helper():
        return 1


plain = Plain()
materialised = Plain()
materialised_dict = materialised.__dict__
wide = Wide()
slotted = Slotted()
slotted.left = leaf("Left")
slotted.right = leaf("Right")
slotted_more = SlottedMore()
slotted_more.left = leaf("MoreLeft")
slotted_more.more = leaf("More")
slotted_more.free = leaf("MoreFree")

a_list = [1, leaf("ListItem")]
a_tuple = (leaf("TupleItem"), 7)
a_dict = {"key": leaf("DictValue"), 12345: "twelve", ("t", 1): 2.5}
split_dict = Plain().__dict__
deleted_dict = {i: leaf("Kept") if i == 5 else None for i in range(10)}
for i in range(5):
    del deleted_dict[i]
a_set = {leaf("SetItem")}
removed_set = set(range(100000, 100050))
removed_set -= set(range(100000, 100040))
frozen = frozenset([leaf("FrozenItem")])
a_deque = collections.deque(maxlen=200)
for i in range(300):
    a_deque.append(None)
a_deque[150] = leaf("DequeItem")
ordered = collections.OrderedDict([("one", 1), ("two", leaf("OrderedValue"))])
defaulting = collections.defaultdict(leaf, {"there": leaf("DefaultValue")})
same = {sys.intern("same %d" % i): sys.intern("same %d" % i) for i in range(700)}
counter = collections.Counter(["abc", "abc", "def"])
Point = collections.namedtuple("Point", "x y")
point = Point(leaf("PointX"), 2)
my_list = MyList([leaf("MyListItem")])
my_list.attribute = leaf("MyListAttribute")
my_dict = MyDict(key=leaf("MyDictValue"))
my_dict.attribute = leaf("MyDictAttribute")
my_tuple = MyTuple((leaf("MyTupleItem"), 1, 2))
my_tuple.attribute = leaf("MyTupleAttribute")
my_int = MyInt(1 << 70)
my_int.attribute = leaf("MyIntAttribute")
my_str = MyStr("mine")
my_str.attribute = leaf("MyStrAttribute")
my_set = MySet([leaf("MySetItem")])
my_set.extra = leaf("MySetExtra")


def function(a, b=leaf("Default"), *, c=leaf("KeywordDefault")):
    return a, b, c


function.attribute = leaf("FunctionAttribute")


def make_closure():
    captured = leaf("Captured")

    def inner():
        return captured
    return inner


closure = make_closure()
bound = WithMeta().method
builtin = [leaf("BuiltinSelf")].append
partial = functools.partial(function, leaf("PartialArgument"), c=leaf("PartialKeyword"))
with_meta = WithMeta()
referent = leaf("Referent")
weak = weakref.ref(referent)
weak_callback = weakref.ref(referent, closure)
proxy = weakref.proxy(referent)
weak_values = weakref.WeakValueDictionary(k=referent)


@functools.lru_cache(maxsize=10)
def cached(x):
    return leaf("Cached%d" % x)


cached(1)
cached(2)
cached(1)
unbounded = functools.lru_cache(maxsize=None)(leaf)
unbounded("Unbounded")

list_iterator = iter([leaf("IteratedItem"), 2])
mapped = map(leaf, ["Mapped"])
chained = itertools.chain([leaf("Chained")], [1])
zipped = zip([leaf("Zipped")])
enumerated = enumerate([leaf("Enumerated")])
keys_view = {"viewed": leaf("Viewed")}.keys()
slice_object = slice(leaf("SliceStart"), 2)
range_object = range(1 << 70, 1 << 71)
pattern = re.compile("f(?P<name>o+)")
match = pattern.match("foo")
zoned = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=5), "a zone"))
unzoned = datetime.datetime(2000, 1, 1)
error = MyError(leaf("ErrorArgument"))
error.attribute = leaf("ErrorAttribute")
error.__cause__ = KeyError(leaf("CauseArgument"))
superior = super(MyList, my_list)
memory = memoryview(bytearray(b"seen through memory"))
mapping = type(plain).__dict__

called = iter(leaf, leaf("Sentinel"))
variable = contextvars.ContextVar("variable", default=leaf("VariableDefault"))
element = xml.etree.ElementTree.Element("a tag", {"name": leaf("ElementAttribute")})
element.text = leaf("ElementText")
for i in range(8):
    element.append(xml.etree.ElementTree.Element("child"))
element[0].tail = leaf("ElementTail")
element[7].extend([xml.etree.ElementTree.Element("one"), xml.etree.ElementTree.Element("two", {"name": leaf("Grandchild")})])
parsed = xml.etree.ElementTree.fromstring("<a><b>this &amp; that</b></a>")


async def wait():
    waited = leaf("Awaited")
    await loop.create_future()
    return waited


async def begin():
    made = asyncio.create_task(wait())
    made.set_name("a task")
    await asyncio.sleep(0)
    return made


loop = asyncio.new_event_loop()
task = loop.run_until_complete(begin())
done, failed, called_back = loop.create_future(), loop.create_future(), loop.create_future()
done.set_result(leaf("Result"))
failed.set_exception(ValueError(leaf("FutureError")))
called_back.add_done_callback(leaf)
called_back.add_done_callback(function)

ascii_text = "plain text, 24 characters"
latin_text = "gr\u00fc\u00df dich"
wide_text = "snow \u2603 and \U0001f600"
long_text = "x" * 1000
octets = b"some \x00 octets"
number = 1234567890123456789
negative = -987654321987
huge = 1 << 100
real = 2.75
nothing = [None, True, False]
byte_array = bytearray(b"y" * 5000)
int_array = array.array("l", range(1000))
string_io = io.StringIO()
string_io.write("z" * 3000)
string_io.seek(0)
string_io.truncate(2000)
bytes_io = io.BytesIO(b"w" * 4000)
bytes_io.write(b"v")
code = function.__code__
module = collections
cycle = []
cycle.append(cycle)

numpy = object_array = float_array = view_array = None
if "--numpy" in sys.argv:
    import numpy
    float_array = numpy.zeros((100, 200))
    view_array = float_array[10:20]
    object_array = numpy.array([None, leaf("ArrayItem")], dtype=object)

visited = silent = derived = None
if "--extension" in sys.argv:
    sys.path.insert(0, sys.argv[sys.argv.index("--extension") + 1])
    import extension

    class Derived(extension.Visited):
        pass

    visited = extension.Visited(leaf("Hidden"), leaf("Shown"), leaf("First"), leaf("Second"), leaf("Got"), leaf("Wrapped"),
                                (leaf("Inner"),))
    silent = extension.Silent(leaf("Member"), leaf("Secret"))
    derived = Derived(leaf("DerivedHidden"), None, None, None, leaf("DerivedGot"), None, (None,))
    derived.attribute = leaf("DerivedAttribute")
