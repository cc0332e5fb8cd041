"""Code objects: made at run time by the thousand, of the same address, with names in any script, of every module format."""
import collections
import os

from harness import expect, expect_equal
from traces import python_frames
import bench
from bench import line_of

SCENARIOS, scenario = bench.register("code")


def innermost_counts(bench, trace, wanted):
    """(file's last part, function, line) -> allocated bytes, of innermost Python frames that `wanted` accepts."""
    found = collections.Counter()
    for stack, totals in bench.dump(trace).site_stacks():
        frames = python_frames(stack)
        if frames and wanted(frames[-1]):
            found[os.path.basename(frames[-1].file), frames[-1].function, frames[-1].line] += totals["allocated_bytes"]
    return found


@scenario("code-ten-thousand")
def ten_thousand(bench):
    """Functions that live shorter than it takes to make the next, at the same address: each allocation is under its own
    name and line."""
    text = """\
bytes(1)     # makes what the interpreter keeps for it
for i in range(10000):
    space = {}
    exec(compile("\\n" * (i % 50) + f"def made_{i}():\\n    return bytes({10000 + i})\\n", f"<made {i % 7}>", "exec"), space)
    space[f"made_{i}"]()
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    found = innermost_counts(bench, trace, lambda f: f.function.startswith("made_"))
    head = bench.run([bench.python, "-c", "import sys; print(sys.getsizeof(b''))"]).stdout
    expected = {(f"<made {i % 7}>", f"made_{i}", i % 50 + 2): 10000 + i + int(head) for i in range(10000)}
    wrong = [(key, found.get(key), size) for key, size in expected.items() if found.get(key) != size]
    extra = sorted(set(found) - set(expected))
    expect(not wrong and not extra,
           f"{len(wrong)} of 10000 are wrong, for example {wrong[:3]}; {len(extra)} were never there: {extra[:3]}")


@scenario("code-ten-thousand-in-threads")
def ten_thousand_in_threads(bench):
    text = """\
import threading
bytes(1)     # makes what the interpreter keeps for it
def work(start):
    for i in range(start, start + 1000):
        space = {}
        exec(f"def made_{i}():\\n    return bytes({10000 + i})\\n", space)
        space[f"made_{i}"]()
threads = [threading.Thread(target=work, args=(n * 1000,)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    found = innermost_counts(bench, trace, lambda f: f.function.startswith("made_"))
    head = int(bench.run([bench.python, "-c", "import sys; print(sys.getsizeof(b''))"]).stdout)
    expect_equal("functions", dict(found), {("<string>", f"made_{i}", 2): 10000 + i + head for i in range(4000)})


@scenario("code-made-by-libraries")
def made_by_libraries(bench):
    """namedtuple, dataclass, functools.singledispatch, typing.NamedTuple, enum: the lines of the program own what it
    asked for."""
    text = """\
import collections, dataclasses, enum, functools
Point = collections.namedtuple("Point", "x y")
@dataclasses.dataclass
class Book:
    title: str
    data: bytes = dataclasses.field(default_factory=lambda: bytes(2000))     # factory
points = [Point(bytes(1000), i) for i in range(100)]                         # points
books = [Book(str(i)) for i in range(100)]                                   # books
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    rows = bench.lines_of(trace)
    expect(100 * 1000 <= rows["app.py", line_of(text, "# points")]["allocated_bytes"] < 100 * 1300,
           f"points: {rows['app.py', 7]}")
    expect(100 * 2000 <= rows["app.py", line_of(text, "# factory")]["allocated_bytes"] < 100 * 2200, "factory")
    found = innermost_counts(bench, trace, lambda f: True)
    inits = [key for key in found if key[0].startswith("<") and (key[1] or "").endswith("__init__")]
    stacks = [python_frames(stack) for stack, _ in bench.dump(trace).site_stacks()]
    functions = {(f.function, os.path.basename(f.file)) for frames in stacks for f in frames}
    expect(inits or any("__init__" in f and file == "<string>" for f, file in functions), "the generated __init__ is in no stack")


@scenario("code-names-in-any-script")
def names(bench):
    """Functions, classes and files whose names are not ASCII, or thousands of characters long."""
    text = """\
def größe(n):
    return bytes(n)
class Книга:
    def 页(self, n):
        return bytes(n)
größe(100000)
Книга().页(200000)
name = "f" + "o" * 2000
exec(f"def {name}(n):\\n    return bytes(n)\\n{name}(300000)")
text = "\\ndef lone(n):\\n    return bytes(n)\\nlone(400000)"
exec(compile(text, "file with spaces; \\u017elut\\u00fd \\U0001f40d.py", "exec"))
"""
    trace = bench.check_transparent([bench.python, bench.write("mañana/приложение с пробелом.py", text)])
    found = innermost_counts(bench, trace, lambda f: True)
    qualified = bench.interpreter.at_least(3, 11)
    for key, size in ((("приложение с пробелом.py", "größe", 2), 100000),
                      (("приложение с пробелом.py", "Книга.页" if qualified else "页", 5), 200000),
                      (("<string>", "f" + "o" * 2000, 2), 300000),
                      (("file with spaces; \u017elut\u00fd \U0001f40d.py", "lone", 3), 400000)):
        near = [k for k, v in found.items() if size <= v < size + 1000]
        expect(size <= found[key] < size + 1000,
               f"{key[1][:50]}: expected {size} bytes and a little, came {found[key]}; functions of the size: {near}")
    shown = bench.verb("lines", "--top", "20", trace).stdout.decode()
    expect("приложение с пробелом.py" in shown, f"heapline lines: {shown[:1500]}")


@scenario("code-long-functions")
def long_functions(bench):
    """Thousands of lines in one function, long lines, jumps over many lines."""
    lines = ["def long():", "    kept = []"]
    expected = {}
    for i in range(3000):
        lines.append("    if kept is None:" if i % 7 == 0 else "    pass")
        lines.append("        pass" if i % 7 == 0 else "    # nothing")
        if i % 100 == 0:
            lines.append(f"    kept.append(bytes({20000 + i}))")
            expected[len(lines)] = 20000 + i
            lines += [""] * (i % 300)
    lines.append("    kept.append([" + ", ".join(f"'{'x' * 5}%d' % {i}" for i in range(300)) + ", bytes(90000)])")
    expected[len(lines)] = 90000
    lines += ["    return kept", "long()", ""]
    trace = bench.check_transparent([bench.python, bench.write("app.py", "\n".join(lines))])
    found = innermost_counts(bench, trace, lambda f: f.function == "long")
    for line, size in expected.items():
        slack = 150000 if size == 90000 else 2000
        came = found["app.py", "long", line]
        expect(size <= came < size + slack, f"app.py:{line}: expected {size} bytes and a little, came {came}")


@scenario("code-changed")
def changed(bench):
    """A function's code is replaced while it is known, a code object is copied with other names and lines."""
    text = """\
def first(n):
    return bytes(n)
def second(n):

    return bytes(n)
first(100000)
first.__code__ = second.__code__
first(200000)
if hasattr(first.__code__, "replace"):
    first.__code__ = first.__code__.replace(co_name="third", co_firstlineno=1003, co_filename="elsewhere.py")
    first(300000)
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    found = innermost_counts(bench, trace, lambda f: f.file.endswith(("app.py", "elsewhere.py")))
    places = {(file, line): size for (file, _, line), size in found.items()}
    for place, size in ((("app.py", 2), 100000), (("app.py", 5), 200000), (("elsewhere.py", 1005), 300000)):
        expect(size <= places.get(place, 0) < size + 1000,
               f"{place}: expected {size} bytes and a little, came {places.get(place)}")


@scenario("code-stdlib-work")
def stdlib_work(bench):
    """A program of many modules: no frame is without a name, a file or a line that its file has."""
    text = """\
import argparse, ast, decimal, difflib, email.message, http.client, inspect, logging, sqlite3, tarfile, unittest, xml.dom.minidom
print(len(ast.dump(ast.parse(inspect.getsource(argparse)))) > 1000)
document = xml.dom.minidom.parseString("<a>" + "<b c='d'>text</b>" * 200 + "</a>")
print(len(document.toxml()) > 1000, len(list(difflib.unified_diff(["a"] * 50, ["b"] * 50))))
"""
    trace = bench.check_transparent([bench.python, bench.write("app.py", text)])
    lengths, checked = {}, 0
    for stack, _ in bench.dump(trace).site_stacks():
        for frame in python_frames(stack):
            expect(frame.function and frame.file, f"a frame without a name: {frame}")
            if not frame.file.startswith("<") and os.path.exists(frame.file):
                if frame.file not in lengths:
                    with open(frame.file, "rb") as file:
                        lengths[frame.file] = file.read().count(b"\n") + 1
                expect(0 < frame.line <= lengths[frame.file], f"a line that the file does not have: {frame}")
                checked += 1
    expect(checked > 5000, f"only {checked} frames were looked at")
