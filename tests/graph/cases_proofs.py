"""Programs that keep something by mistake. What is wrong is found by what `heapline graph` prints, without a look at their
sources."""
import os
import re

from bench import register
from graph_bench import expect_in, line_of
from harness import Skip, expect, expect_equal

SCENARIOS, scenario = register("proofs")

ORDERS = 3000
QUIET = 60                                   # objects of ctypes and the like, which hold themselves in ways of their own


def place(program, marker):
    return rf"{re.escape(program)}:{line_of(program, marker)}\b"


def row_of(text, name):
    """The line of a table that ends with this name."""
    found = [line for line in text.splitlines() if re.search(rf"(^|\s){re.escape(name)}(\s|$)", line)]
    expect(found, f"there is no row {name} in:\n{text}")
    return found[0]


@scenario("proofs-shop")
def shop(bench):
    """Delivered orders in `history`, labels in a cache without a bound."""
    trace = bench.record("shop.py", ORDERS)
    forgotten = bench.graph_json("leaking", trace, "--snapshot", "busy")["forgotten"]
    expect(forgotten["nodes"] <= QUIET, f"{forgotten['nodes']} objects are called forgotten in a program that forgets none")
    growth = bench.graph("growth", trace, "opened", "busy")
    expect("Order" in growth and f"+{ORDERS}" in row_of(growth, "Order").replace(",", ""),
           f"growth does not show {ORDERS} orders more:\n{growth}")
    expect_in(growth, place("shop.py", "label"))
    chain = bench.graph("chain", trace, "type:Order new-since:opened", "--snapshot", "busy")
    expect_in(chain, r"books", r"history", r"\[\d+\]")
    expect(".open" not in chain, f"delivered orders are not in `open`:\n{chain}")
    chain = bench.graph("chain", trace, f"line:shop.py:{line_of('shop.py', 'label')} type:str", "--snapshot", "busy")
    expect_in(chain, r"describe|label", r"label of order number")
    listed = bench.graph("list", trace, "type:Book", "--snapshot", "busy")
    expect_equal("books in the list", len(re.findall(r"Book at 0x[0-9a-f]+  shop\.py:\d+ in (?:main|<listcomp>)", listed)), 3)
    free = bench.graph("free", trace, "type:Order", "--snapshot", "busy")
    expect_in(free, r"history|books")                      # `books` alone is the fewest, as `main` still runs


@scenario("proofs-forgotten-reference")
def forgets(bench):
    """Two ways to forget Py_DECREF: what nobody refers to, and what has more references than are found. A word that was left in
    memory which nobody filled since (the loader's tables) may hold one or two."""
    program = """\
import forgets
kept = []
for number in range(400):
    kept.append(forgets.describe(number))     # described
class Title: pass
title = Title()
for number in range(30):
    forgets.entitle(title)
"""
    trace, path = record_text(bench, program, "forgets")
    leaking = bench.graph("leaking", trace)
    expect_in(leaking, r"\b(19[89]|200)\b.*str|str.*\b(19[89]|200)\b")
    expect_in(leaking, r"app\.py:4\b|forgets\.c:" + str(line_of("forgets.c", "forgotten")))
    forgotten = bench.graph_json("leaking", trace)["forgotten"]
    expect(198 <= forgotten["nodes"] <= 200 + QUIET, f"{forgotten['nodes']} objects are called forgotten, 200 are")
    show = bench.graph("show", trace, "type:Title")
    expect_in(show, r"held from C\D*30")


@scenario("proofs-registry")
def registry(bench):
    """Objects that a C extension holds in blocks of its own."""
    program = """\
import registry
class Plugin: pass
for number in range(50):
    registry.keep(Plugin())                   # made
"""
    trace, path = record_text(bench, program, "registry")
    leaking = bench.graph("leaking", trace)
    expect_in(leaking, r"[Hh]eld .*from C|only from C")
    expect_in(row_of(leaking, "Plugin"), r"\b50\b")
    show = bench.graph("show", trace, "type:Plugin")
    expect_in(show, r"held from C\D*1\b")
    expect_in(show, place("registry.c", "entry"))
    chain = bench.graph("chain", trace, "type:Plugin")
    expect_in(chain, r"registered in registry")


@scenario("proofs-native-buffer")
def picture(bench):
    """The malloc'ed buffer of a C extension's object hangs under the object."""
    program = """\
import picture
album = [picture.Picture(40000) for number in range(20)]
"""
    trace, path = record_text(bench, program, "picture")
    types = bench.types(trace)
    row = types["Picture"]
    expect_equal("Pictures", row["count"], 20)
    # A left-over word of the stack may lead to the pixels of the last one or two.
    expect(18 * 40000 <= row["retained_bytes"] < 20 * 40200, f"20 pictures retain {row['retained_bytes']} bytes")
    refs = bench.graph("refs", trace, "type:Picture")
    expect_in(refs, place("picture.c", "pixels"))
    chain = bench.graph("chain", trace, f"line:picture.c:{line_of('picture.c', 'pixels')} held-by:type:Picture")
    expect_in(chain, r"album", r"\[\d+\]", r"\+0x18")


@scenario("proofs-shared-pointers")
def sessions(bench):
    """C++ objects, held by shared pointers in a map that nobody looks into any more."""
    if not os.path.exists(bench.sessions):
        raise Skip("there was no C++ compiler to build the program with")
    outcome, trace = bench.profile([bench.sessions], options=["--graph"])
    expect_equal("status", outcome.status, 0)
    rows = bench.types(trace, "--snapshot", "served")
    for name, bytes_ in (("server::Guest", 16), ("server::Member", 40)):
        expect(name in rows, f"{name} is not among the types: {sorted(rows)}")
        expect_equal(f"{name}: objects", rows[name]["count"], 100)
        expect_equal(f"{name}: bytes", rows[name]["bytes"], 100 * bytes_)
    expect_equal("server::Member: retained", rows["server::Member"]["retained_bytes"], 100 * (40 + 2000))
    node = "tree node of std::pair<int const, std::shared_ptr<server::Session>>"
    for name, count, bytes_ in ((node, 300, None), ("char[]", 100, 100 * 2000)):
        expect(name in rows, f"what std::allocator made is not called {name}: {sorted(rows)}")
        expect_equal(f"{name}: blocks", rows[name]["count"], count)
        expect(bytes_ in (None, rows[name]["bytes"]), f"{name}: {rows[name]['bytes']} bytes instead of {bytes_}")
    clerks = [row for name, row in rows.items() if "server::Clerk" in name]
    expect_equal("kinds of blocks with a Clerk in them", len(clerks), 1)
    expect_equal("Clerks", clerks[0]["count"], 100)
    growth = bench.graph("growth", trace, "open", "served")
    expect_in(row_of(growth, "server::Member"), r"\+100\b")
    chain = bench.graph("chain", trace, "type:server::Member", "--snapshot", "served")
    expect_in(chain, r"server::ended", r"server::Member")
    backrefs = bench.graph("backrefs", trace, "type:server::Guest", "--depth", "2", "--snapshot", "served")
    expect_in(backrefs, r"tree node of std::pair<int const, std::shared_ptr<server::Session>>")


@scenario("proofs-arrays")
def arrays(bench):
    """Buffers of numpy's arrays are theirs."""
    bench.need_module("numpy")
    program = """\
import numpy
kept = {"first": numpy.zeros(100000), "view": None}
kept["view"] = kept["first"][10:20]
"""
    trace, path = record_text(bench, program)
    rows = bench.types(trace, "type:ndarray")
    expect(800000 <= rows["ndarray"]["retained_bytes"] < 900000, f"arrays retain {rows['ndarray']}")
    chain = bench.graph("chain", trace, "type:ndarray size:>700000")
    expect_in(chain, r"kept", r"\['first'\]")


def record_text(bench, text, extension=None):
    path = bench.write("app.py", text)
    env = bench.environment(PYTHONDONTWRITEBYTECODE="1")
    if extension:
        from graph_bench import PROGRAMS
        env["PYTHONPATH"] = bench.interpreter.extension(extension, PROGRAMS)
    outcome, trace = bench.profile([bench.python, path], options=["--graph"], env=env)
    expect(outcome.status == 0, f"app.py ended with {outcome.status}: {outcome.stderr.decode(errors='replace')[:2000]}")
    return trace, path
