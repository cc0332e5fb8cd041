"""Scenarios that are one tiny program each: how their comments are read and judged (the syntax: tests/scenario.py)."""
import collections
import fnmatch
import functools
import math
import os
import re
import signal
import subprocess

from harness import (Failure, Skip, check_summary, check_transparent, expect, expect_equal, function_name, has_subsequence,
                     losses_of, short)

REPEATED = ("case", "variant", "stack", "nostack", "depth", "bytes", "require", "expect")
KEYS = REPEATED + ("group", "arguments", "exit", "signal", "count", "output", "processes", "sections", "truncated", "unmatched",
                   "unprofiled", "thread")
LINE_KEYS = {"count": "allocations", "bytes": "allocated_bytes", "live": "live_bytes", "freed": "freed_bytes",
             "temporary": "temporary_allocations", "peak": "peak_bytes"}
# Lines that need no comment: what they call allocates inside libc, libstdc++ or the loader.
LIBRARY_CALLS = re.compile(r"printf|pthread_(create|exit|getattr_np|setspecific)|dl(open|mopen|close|sym|error)|popen|pclose|std::|throw|catch|thread_local")
MEMORY = ("heap", "mapped", "file", "reserved")
COMPARED = {
    "exact": ("allocations", "frees", "allocated_bytes", "live_bytes", "live_blocks", "peak_bytes", "temporary_allocations"),
    "no_peak": ("allocations", "frees", "allocated_bytes", "live_bytes", "live_blocks", "temporary_allocations"),
    "sums": ("allocations", "frees", "allocated_bytes", "live_bytes", "live_blocks"),
    "calls": ("allocations", "frees", "allocated_bytes"),
}
COMPARED["partial"] = COMPARED["sums"]


class Program:
    """One scenario: a source with its directives and expectations, for one case and one build."""

    def __init__(self, source, directives, expectations, name, binary):
        self.source, self.directives, self.expectations = source, directives, expectations
        self.name, self.binary = name, binary

    def one(self, key, default=None):
        return self.directives.get(key, default)

    def many(self, key):
        return self.directives.get(key, [])

    def command(self, bench):
        if self.source.endswith(".sh"):
            first = [self.source]
        else:
            first = [bench.program(self.binary)]
        return first + [a.replace("{programs}", bench.programs) for a in re.split(r"[ ,]+", self.one("arguments", "")) if a]

    def status(self):
        name = self.one("signal")
        return 128 + getattr(signal, name) if name else int(self.one("exit", "0"))


def read_source(path):
    """The first comment's directives, and (file, line) -> expectation of the comments at lines."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    directives, expectations = {}, {}
    head = next((i for i, line in enumerate(lines) if re.match(r" \*/|(?!#)\S", line) and i > 0), len(lines))
    for line in lines[:head]:
        match = re.match(r"(?: \*|#) ([a-z]+): (.+)", line)
        if not match or match[1] not in KEYS:
            continue
        if match[1] in REPEATED:
            directives.setdefault(match[1], []).append(match[2])
        else:
            directives[match[1]] = match[2]
    for number, line in enumerate(lines[head:], head + 1):
        match = re.search(r"(?:/\*|//) expect: ([^:]*?)(?:: .*|\s*\*/.*)?$", line)
        if match:
            expectations[os.path.basename(path), number] = parse_expectation(match[1])
    for text in directives.get("expect", []):
        place, _, values = text.partition(" ")
        file, _, number = place.partition(":")
        expectations[file, int(number)] = parse_expectation(values)
    return directives, expectations


def parse_expectation(text):
    return dict(pair.split("=", 1) for pair in text.split())


def parse_all(folder):
    """Every scenario that the sources of the folder declare."""
    found = []
    for file in sorted(os.listdir(folder)):
        stem, extension = os.path.splitext(file)
        if extension not in (".c", ".cpp", ".sh"):
            continue
        path = os.path.join(folder, file)
        directives, expectations = read_source(path)
        if directives.get("group") is None:
            raise SystemExit(f"{path}: the first comment names no group")
        if directives["group"] == "none":
            continue
        if not directives.get("case"):
            found.append(Program(path, directives, expectations, stem, stem))
        for case in directives.get("case", []):
            name, _, values = case.partition(": ")
            more = dict(pair.split("=", 1) for pair in values.split())
            more.update({k: [v] for k, v in more.items() if k in REPEATED})
            found.append(Program(path, {**directives, **more}, expectations, f"{stem}-{name}", stem))
        for binary in directives.get("variant", []):
            found.append(Program(path, directives, expectations, f"{stem}-{binary.partition('_')[2]}", binary))
    return found


def scenarios(folder):
    return [(p.name, p.one("group"), functools.partial(judge, p)) for p in parse_all(folder)]


def self_checks(folder):
    return [(p.name, p.one("group"), functools.partial(judge_native, p)) for p in parse_all(folder)]


def numbers_in(stdout):
    """What the program printed as name=number; a name that comes again (another process) is added up."""
    found = collections.Counter()
    for name, number in re.findall(rb"\b([a-z_]+)=(\d+)", stdout):
        found[name.decode()] += int(number)
    return found


def value_of(text, numbers):
    """A product of numbers and $names; None for "any"."""
    if text == "any":
        return None
    return math.prod(numbers[f[1:]] if f.startswith("$") else int(f) for f in text.split("*"))


def judge(program, bench):
    """Native run, heapline alone (transparency, lines, stacks, losses), heapline with the counting preload behind it (totals)."""
    command = program.command(bench)
    native = bench.run(command, cwd=bench.folder("native"))
    expect_equal("native exit status", native.status, program.status())
    os.rename(bench.path("native"), bench.path("native-done"))
    profiled, trace = bench.profile(command, cwd=bench.folder("native"))
    if program.one("output") == "varies":
        expect_equal("exit status", profiled.status, native.status)
        check_summary(profiled.stderr)
    else:
        check_transparent(native, profiled)
    report = bench.report(trace)
    numbers = numbers_in(profiled.stdout)
    check_losses(program, report)
    check_processes(program, report)
    check_lines(program, bench, trace, numbers)
    check_stacks(program, bench, trace)
    check_required(program, numbers)
    if program.one("count", "exact") not in ("none", "never"):
        check_count(program, bench, command)


def check_required(program, numbers):
    for condition in program.many("require"):
        name, bound = condition.split(">")
        expect(numbers[name] > int(bound), f"required {condition}, came {name}={numbers[name]}")


def check_losses(program, report):
    losses = losses_of(report)
    expect_equal("losses.events", losses["events"], 0)
    expect_equal("losses.damaged_records", losses.get("damaged_records", 0), 0)
    truncated = program.one("truncated", "0")
    if truncated != "any":
        expect_equal("losses.truncated_stacks", losses["truncated_stacks"], int(truncated))
    unmatched = program.one("unmatched", "0")
    if unmatched != "any":
        expect_equal("losses.unmatched_frees", losses.get("unmatched_frees", 0), int(unmatched))


def check_processes(program, report):
    sections = report["processes"]
    if program.one("processes"):
        expect_equal("distinct pids", len({s["pid"] for s in sections}), int(program.one("processes")))
    if program.one("sections"):
        expect_equal("sections", len(sections), int(program.one("sections")))
    if program.one("unprofiled"):
        found = report.get("unprofiled", [])
        expect(len(found) == 1 and program.one("unprofiled") in found[0]["reason"],
               f"unprofiled: expected one child with '{program.one('unprofiled')}' in its reason, came {short(found)}")
    if program.one("thread"):
        threads = [t for s in sections for t in s.get("threads", [])] + report.get("threads", [])
        names = [t.get("name") for t in threads]
        expect(program.one("thread") in names, f"thread: expected one called {program.one('thread')}, came {names}")


def gather_lines(bench, trace, files):
    """(file, line) -> sums of the rows' figures by kind of memory, for the scenario's own files."""
    found = collections.defaultdict(lambda: collections.Counter())
    functions = collections.defaultdict(set)
    for kind, row in ((kind, row) for kind in MEMORY for row in bench.lines(trace, kind)):
        place = (os.path.basename(row.get("file") or ""), row.get("line") or 0)
        if place[0] not in files:
            continue
        for name in LINE_KEYS.values():
            found[place][kind, name] += row[name]
        functions[place].add(function_name(row.get("function") or "?"))
    return found, functions


def line_value(figures, key):
    if key in LINE_KEYS:
        return figures["heap", LINE_KEYS[key]]
    kind, _, name = key.partition("_")
    return figures[kind, LINE_KEYS[name]]


def check_lines(program, bench, trace, numbers):
    files = {os.path.basename(program.source)} | {file for file, _ in program.expectations}
    found, functions = gather_lines(bench, trace, files)
    problems = []
    for place, wanted in program.expectations.items():
        for key, text in wanted.items():
            if key == "function":
                came, value = "/".join(sorted(functions[place])) or "nothing", text
            else:
                came, value = line_value(found[place], key), value_of(text, numbers)
            if value is not None and came != value:
                problems.append(f"{place[0]}:{place[1]} {key}: expected {value}, came {came}")
    for place, figures in found.items():
        if place not in program.expectations and any(figures.values()) and not is_library_call(program.source, place):
            problems.append(f"{place[0]}:{place[1]}: nothing expected here, came {dict((k, v) for k, v in figures.items() if v)}")
    if problems:
        raise Failure("; ".join(problems[:12]))


def is_library_call(source, place):
    if place[0] != os.path.basename(source):
        return False
    with open(source, encoding="utf-8") as file:
        return bool(LIBRARY_CALLS.search(file.read().splitlines()[place[1] - 1]))


def check_stacks(program, bench, trace):
    if not any(program.many(key) for key in ("stack", "nostack", "depth", "bytes")):
        return
    stacks = bench.stacks(trace)
    for text in program.many("stack"):
        expect(any(has_subsequence(names, text.split(";")) for names, _ in stacks),
               f"stack: expected one with {text}, came {short([';'.join(n) for n, _ in stacks[:8]])}")
    for text in program.many("nostack"):
        wrong = [";".join(names) for names, _ in stacks if has_subsequence(names, text.split(";"))]
        expect(not wrong, f"stack: expected none with {text}, came {short(wrong[:3])}")
    for text in program.many("depth"):
        function, _, depth = text.partition(":")
        deepest = max((names.count(function) for names, _ in stacks), default=0)
        expect_equal(f"frames of {function} in the deepest stack", deepest, int(depth))
    for text in program.many("bytes"):
        function, _, number = text.partition(" ")
        came = sum(weight for names, weight in stacks if names and names[-1 if names[-1] != "malloc" else -2] == function)
        expect_equal(f"bytes allocated by {function}", came, int(number))


def check_count(program, bench, command):
    """The same process seen by both: heapline in front, the counting preload behind it."""
    folder = bench.folder("count")
    outcome, trace = bench.profile(command, trace="counted.hpl", cwd=bench.folder("counted"),
                                   env=bench.environment(LD_PRELOAD=bench.count, COUNT_DIR=folder))
    expect_equal("exit status with the counting preload", outcome.status, program.status())
    compare_count(bench.report(trace)["processes"], bench.counted(folder), program.one("count", "exact"))


def compare_count(sections, counted, how):
    """Sections of one pid stand in order of time on both sides; those that never called are on one side only, and left out."""
    def by_pid(items):
        found = collections.defaultdict(list)
        for item in items:
            if item["allocations"] or item["frees"]:
                found[item["pid"]].append(item)
        return found
    came, expected = by_pid(sections), by_pid(counted)
    expect(expected, "the counting preload saw no process at all")
    for pid, wanted in expected.items():
        sections_seen = came.get(pid, [])[:len(wanted)] if how == "partial" else came.get(pid, [])
        expect_equal(f"pid {pid} ({wanted[-1]['executable']}): sections with events", len(sections_seen), len(wanted))
        for section, count in zip(came[pid], wanted):
            expect_equal(f"pid {pid} ({count['executable']}) against the independent count",
                         {k: section[k] for k in COMPARED[how]}, {k: count[k] for k in COMPARED[how]})
    if how != "partial":
        expect_equal("pids with events", sorted(came), sorted(expected))


def judge_native(program, bench):
    """Are the program's own expectations right? The counting preload alone, calls by the executable itself, addr2line for lines.
    Not seen: mappings, calls made through libstdc++, from modules, before its constructor, by programs without the preload."""
    if program.one("count") == "never":
        raise Skip("the counting preload may not be there")
    folder = bench.folder("count")
    outcome = bench.run(program.command(bench), env=bench.environment(LD_PRELOAD=bench.count, COUNT_DIR=folder))
    expect_equal("exit status", outcome.status, program.status())
    numbers = numbers_in(outcome.stdout)
    found = native_lines(bench.counted(folder), os.path.basename(program.source))
    visible = program.source.endswith(".c") and program.name[:6] not in ("early_", "dlopen") and program.one("count") != "partial"
    problems = []
    for place, wanted in program.expectations.items():
        for key, text in wanted.items():
            value = value_of(text, numbers) if key in ("count", "bytes", "live", "freed") else None
            if value is None or place not in found and not visible:
                continue
            if found[place][key] != value:
                problems.append(f"{place[0]}:{place[1]} {key}: the comment says {value}, the count {found[place][key]}")
    for place in found:
        if place not in program.expectations and found[place]["count"]:
            problems.append(f"{place[0]}:{place[1]} allocates {found[place]['count']} times and has no comment")
    if problems:
        raise Failure("; ".join(problems))


def native_lines(sections, file):
    found = collections.defaultdict(collections.Counter)
    for section in sections:
        sites = section["sites"]
        if not sites:
            continue
        addresses = [hex(s[0] - 1) for s in sites]
        command = ["addr2line", "-e", section["executable"], *addresses]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for place, (_, count, size, freed, live) in zip(text.splitlines(), sites):
            name, _, number = place.partition(" ")[0].rpartition(":")
            if fnmatch.fnmatch(name, "*/" + file) and number.isdigit():
                found[file, int(number)].update({"count": count, "bytes": size, "freed": freed, "live": live})
    return found
