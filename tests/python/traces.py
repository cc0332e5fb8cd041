"""A trace as `heapline dump` prints it: every live block and every site with its stack, exactly as recorded.

Reports judge, select and round; what has to be equal to the byte is read from here.
"""
import collections
import re

FIELD = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')
ESCAPE = re.compile(r'\\(x[0-9a-f]{2}|.)')
KINDS = ("process", "thread", "thread_name", "module", "code", "frame", "stack", "site", "symbol", "block", "site_totals",
         "totals", "exit",
         "losses", "python", "mark", "line", "unprofiled", "source")
KIND = re.compile(r"\s*\d+  (\w+)")

# A frame of a stack. kind: python, native, object, mapped, …; file, line and function where they are known; module: path of a
# native frame's.
Frame = collections.namedtuple("Frame", "kind function file line module inlined")
Block = collections.namedtuple("Block", "process address bytes stack thread")


def unescape(text):
    if "\\" not in text:
        return text
    return ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 3 else m[1], text)


def fields(line):
    """key -> text, or None where the dump says "-"."""
    found = {}
    for key, quoted, bare in FIELD.findall(line):
        found[key] = unescape(quoted) if not bare else None if bare == "-" else bare
    return found


class Trace:
    """Records by kind, and stacks made of them on request."""

    def __init__(self, text):
        self.records = {kind: [] for kind in KINDS}
        for line in text.split("\n"):
            kind = KIND.match(line)
            if kind and kind[1] in self.records:
                self.records[kind[1]].append(fields(line[kind.end():]))
        self.codes = self.records["code"]
        self.modules = [m["path"] for m in self.records["module"]]
        self.symbols = collections.defaultdict(list)
        for symbol in self.records["symbol"]:
            self.symbols[int(symbol["frame"])].append(symbol)
        self.parents = {0: None}
        for stack in self.records["stack"]:
            self.parents[int(stack["id"])] = (int(stack["parent"]), int(stack["frame"]))
        self.sites = [(int(s["thread"]), int(s["stack"])) for s in self.records["site"]]
        self.known_frames, self.known_stacks = {}, {}

    def frames_of(self, number):
        """The levels of a recorded frame, outermost first: more than one where functions are inlined."""
        if number not in self.known_frames:
            self.known_frames[number] = tuple(self.make_frames(number))
        return self.known_frames[number]

    def make_frames(self, number):
        frame = self.records["frame"][number]
        if frame["kind"] == "python":
            if frame["code"] is None:
                return [Frame("python", None, None, int(frame["line"]), None, False)]
            code = self.codes[int(frame["code"])]
            return [Frame("python", code["function"], code["file"], int(frame["line"]), None, False)]
        module = self.modules[int(frame["module"])] if frame.get("module") else None
        levels = sorted(self.symbols.get(number, []), key=lambda s: -int(s["level"]))
        if not levels:
            return [Frame(frame["kind"], None, None, 0, module, False)]
        return [Frame(frame["kind"], s["function"], s["file"], int(s["line"]), module, s["level"] != "0") for s in levels]

    def stack(self, number):
        """Frames, outermost first."""
        if number not in self.known_stacks:
            chain, at = [], number
            while self.parents[at]:
                at, frame = self.parents[at]
                chain.append(frame)
            self.known_stacks[number] = tuple(level for frame in reversed(chain) for level in self.frames_of(frame))
        return self.known_stacks[number]

    def blocks(self, process=None):
        """The blocks that were live when their process ended."""
        for block in self.records["block"]:
            if process is None or int(block["process"]) == process:
                thread, stack = self.sites[int(block["site"])]
                yield Block(int(block["process"]), int(block["address"], 16), int(block["bytes"]), self.stack(stack), thread)

    def site_stacks(self, process=None):
        """(stack, its whole-run figures)"""
        for totals in self.records["site_totals"]:
            if process is None or int(totals["process"]) == process:
                _, stack = self.sites[int(totals["site"])]
                yield self.stack(stack), {k: int(v) for k, v in totals.items() if v is not None}


def is_object(stack):
    return bool(stack) and stack[-1].kind == "object"


def python_frames(stack):
    return [frame for frame in stack if frame.kind == "python"]


def innermost(stack):
    """(file, line) of the innermost Python frame, or None."""
    for frame in reversed(stack):
        if frame.kind == "python":
            return frame.file, frame.line
    return None
