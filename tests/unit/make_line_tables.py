"""Writes tests/unit/line_tables.h: line tables of real code objects, with what the interpreter itself says that they mean.

    python3 tests/unit/make_line_tables.py INTERPRETER... >tests/unit/line_tables.h

with one interpreter of each form of the table at least: 3.8 or 3.9, 3.10, 3.11 or later. The meaning comes from code.co_lines() where there is one, else
from dis.findlinestarts(). The header is kept with the sources, so that building the tests needs no interpreters.
"""
import dis
import subprocess
import sys
import textwrap
import types

SOURCE = """
def plain(a, b):
    c = a + b
    return c

def spread(a):
    return max(
        a,
        len(str(
            a)),
        key=lambda x:
            -x)

def loop(n):
    total = 0
    for i in range(n):
        if i % 3:
            continue
        total += i
    else:
        total = -total
    while total < 0:
        total += 1
    return total

def guarded(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError as error:
        raise ValueError(path) from error
    finally:
        print(path)

def nested(n):
    rows = [x * y
            for x in range(n)
            for y in range(x)
            if y]
    names = {str(r): r for r in rows}
    return (value
            for value in
            names.values())

async def waits(things):
    async for thing in things:
        await thing
        yield thing

@staticmethod
def decorated(a=1,
              b=2):
    '''only a docstring'''

class Thing:
    x = 1

    def method(self):
        return super().__repr__()
""" + "\ndef far(a):\n    a += 1\n" + "\n" * 500 + "    a += 2\n    return [\n" + "\n" * 300 + "    a, a]\n" + \
    "\ndef wide(a):\n    return [" + ", ".join("a + %d" % i for i in range(300)) + "]\n" + \
    "\ndef back(a):\n    return (a\n" + "\n" * 200 + "        .b(a,\n           a).c)\n"


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


def rows_of(code):
    """(first unit, line or 0), of which none repeats the line before."""
    if hasattr(code, "co_lines"):
        ranges = [(start, end, line or 0) for start, end, line in code.co_lines() if end > start]
        starts = [(start, line) for start, _, line in ranges] + [(ranges[-1][1], 0)]
    else:
        starts = list(dis.findlinestarts(code))
        if starts[0][0] != 0:
            starts.insert(0, (0, code.co_firstlineno))
    rows = []
    for start, line in starts:
        if not rows or rows[-1][1] != line:
            rows.append((start // 2, line))
    return rows


def fold(text):
    return textwrap.fill(text, 128, initial_indent="     ", subsequent_indent="      ")


def write_tables():
    version = "%d.%d" % sys.version_info[:2]
    kind = "LNOTAB" if sys.version_info < (3, 10) else "RANGES" if sys.version_info < (3, 11) else "LOCATIONS"
    for code in codes(compile(SOURCE, "source.py", "exec")):
        table = code.co_lnotab if kind == "LNOTAB" else code.co_linetable
        rows = rows_of(code)
        print('    {"%s %s", HL_LINES_%s, %d, %d, %d,' % (version, code.co_name, kind, code.co_firstlineno, len(table), len(rows)))
        print(fold("(const uint8_t[]){%s}," % ", ".join(map(str, table)) if table else "NULL,"))
        print(fold("(const struct line_row[]){%s}}," % ", ".join("{%d,%d}" % row for row in rows)))


def main():
    if sys.argv[1:] == ["--tables"]:
        return write_tables()
    print("/* Made by make_line_tables.py, which says how. */")
    print("static const struct {\n    const char *name;\n    enum hl_line_table kind;\n    uint32_t first_line, bytes, n;")
    print("    const uint8_t *table;\n    const struct line_row *rows;\n} line_tables[] = {")
    for interpreter in sys.argv[1:]:
        sys.stdout.flush()
        subprocess.check_call([interpreter, __file__, "--tables"])
    print("};")


main()
