"""What the programs of tests/leaks/prog say about themselves (the syntax: tests/leaks/leaks.py), and sums of groups."""
import collections
import os
import re

KINDS = ("lost", "indirect", "possible", "reachable")
REPEATED = ("case", "variant", "expect", "stack")
KEYS = REPEATED + ("group", "arguments", "run", "leaks", "exit", "signal", "verdict", "reason", "unseen", "as", "valgrind", "why", "limit")


class Expectation:
    """Of one line: kind -> (bytes, blocks), or None where it is not compared; who holds it; what valgrind says instead."""

    def __init__(self, text, numbers):
        self.sums, self.held_by, self.valgrind = {}, None, None
        if text == "any":
            self.sums = None
            return
        for pair in text.split():
            key, _, value = pair.partition("=")
            if key == "by":
                self.held_by = value
            elif key == "valgrind":
                self.valgrind = value
            elif key != "nothing":
                self.sums[key] = amount(value, numbers)

    def by_valgrind(self):
        if self.valgrind is None or self.sums is None:
            return self.sums
        if self.valgrind in KINDS:
            parts = list(self.sums.values())
            return {self.valgrind: (sum(p[0] for p in parts), sum(p[1] for p in parts))}
        return {k: amount(v, {}) for k, v in (part.split(":") for part in self.valgrind.split(","))}


def amount(text, numbers):
    """ "48/1", or "$name/1" with a number that the program printed. """
    size, _, blocks = text.partition("/")
    return (numbers[size[1:]] * int(blocks) if size.startswith("$") else int(size)), int(blocks)


class Program:
    """One source, one case, one build."""

    def __init__(self, source, directives, texts, case, binary):
        self.source, self.directives, self.texts, self.case, self.binary = source, directives, texts, case, binary
        stem = os.path.splitext(os.path.basename(source))[0]
        self.name = f"{stem}-{case}" if case else binary
        self.files = {os.path.basename(source)} | {file for file, _ in texts}

    def one(self, key, default=None):
        return self.directives.get(key, default)

    def command(self, bench):
        words = re.split(r"[ ,]+", self.one("arguments", ""))
        return [bench.program(self.binary)] + [w.replace("{programs}", bench.programs) for w in words if w]

    def expectations(self, numbers):
        return {place: Expectation(self.text_of(text), numbers) for place, text in self.texts.items()}

    def text_of(self, text):
        """ "reachable=64/1; skipped,other: lost=64/1": what stands first holds for the cases that are not named. """
        default, *others = [part.strip() for part in text.split(";")]
        for part in others:
            names, _, rest = part.partition(": ")
            if self.case in names.split(","):
                return rest
        return default

    def without_valgrind(self):
        """The reason why valgrind is not asked, or None."""
        names, comma, reason = self.one("valgrind", "").removeprefix("no").strip().partition(":")
        if not self.one("valgrind", "").startswith("no"):
            return None
        if not comma or names.startswith(","):
            return self.one("valgrind")[2:].lstrip(", ")
        return reason.strip() if self.case in names.split() else None


def read_source(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    directives, texts = {}, {}
    head = next(i for i, line in enumerate(lines) if i > 0 and not line.startswith(" *"))
    for line in lines[:head]:
        match = re.match(r" \* ([a-z]+): (.+?)(?: \*/)?$", line)
        if not match or match[1] not in KEYS:
            continue
        if match[1] in REPEATED:
            directives.setdefault(match[1], []).append(match[2])
        else:
            directives[match[1]] = match[2]
    for number, line in enumerate(lines, 1):
        match = re.search(r"(?:/\*|//|#) leak: (.*?)\s*(?:\*/.*)?$", line)
        if match:
            texts[os.path.basename(path), number] = match[1]
    for text in directives.get("expect", []):
        place, _, rest = text.partition(" ")
        file, _, number = place.partition(":")
        texts[file, int(number)] = rest
    return directives, texts


def all_programs(folder):
    found = []
    for file in sorted(os.listdir(folder)):
        stem, extension = os.path.splitext(file)
        if extension not in (".c", ".cpp"):
            continue
        path = os.path.join(folder, file)
        directives, texts = read_source(path)
        if directives.get("group") == "none" or not texts:
            continue
        cases = [(case + " ").partition(": ") for case in directives.get("case", [])] or [(None, "", "")]
        for name, _, values in cases:
            more = dict(pair.split("=", 1) for pair in re.split(r" (?=[a-z]+=)", values.strip()) if pair)
            found.append(Program(path, {**directives, **more}, texts, name, stem))
        found += [Program(path, directives, texts, None, binary) for binary in directives.get("variant", [])]
    return found


def place_of(frames, files):
    """The innermost frame of the program's own sources."""
    for frame in frames:
        if os.path.basename(frame.get("file") or "") in files:
            return os.path.basename(frame["file"]), frame.get("line") or 0
    return None


def sum_groups(groups, files):
    """Groups are (kind, bytes, blocks, frames); (file, line) or None -> kind -> (bytes, blocks)."""
    sums = collections.defaultdict(lambda: collections.defaultdict(lambda: (0, 0)))
    for kind, size, blocks, frames in groups:
        at = sums[place_of(frames, files)]
        at[kind] = (at[kind][0] + size, at[kind][1] + blocks)
    return {place: dict(kinds) for place, kinds in sums.items()}


def say(sums):
    return " ".join(f"{k}={sums[k][0]}/{sums[k][1]}" for k in KINDS if sums.get(k, (0, 0)) != (0, 0)) or "nothing"


def differences(wanted, came):
    """Sentences. `wanted`: place -> sums or None (not compared). A place of which nothing is said may hold what is reachable."""
    found = []
    for place, sums in wanted.items():
        if sums is not None and say(came.get(place, {})) != say(sums):
            found.append(f"{place[0]}:{place[1]}: expected {say(sums)}, came {say(came.get(place, {}))}")
    for place, sums in came.items():
        rest = {k: v for k, v in sums.items() if k != "reachable"}
        if place not in wanted and say(rest) != "nothing":
            where = f"{place[0]}:{place[1]}" if place else "outside of the program's sources"
            found.append(f"{where}: nothing expected, came {say(rest)}")
    return found
