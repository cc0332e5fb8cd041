"""The same programs under valgrind: both tools must say the same of every line, except where the comments say what differs."""
import functools
import glob
import re
import shutil
import xml.etree.ElementTree as ElementTree

from expectations import all_programs, place_of, say, sum_groups
from harness import Skip, expect, expect_equal
from programs import numbers_in
from verdicts import FOLDER, prepare_user, status_of

KINDS = {"Leak_DefinitelyLost": "lost", "Leak_IndirectlyLost": "indirect", "Leak_PossiblyLost": "possible",
         "Leak_StillReachable": "reachable"}
OPTIONS = ["--leak-check=full", "--show-leak-kinds=all", "--errors-for-leak-kinds=none", "--xml=yes", "--num-callers=60",
           "--trace-children=yes", "--undef-value-errors=no", "--max-threads=600", "--keep-debuginfo=yes",
           "--run-libc-freeres=no", "--run-cxx-freeres=no"]
TABLES = ("_dl_allocate_tls", "allocate_dtv", "__tls_get_addr", "allocate_dtv_entry", "_dlfo_mappings_segment_allocate")


def scenarios():
    """Cases that are different to heapline only are one here."""
    seen = {}
    for program in all_programs(FOLDER):
        seen.setdefault((program.binary, program.one("arguments"), program.one("as")), program)
    return [(f"{p.name}-valgrind", "valgrind", functools.partial(judge, p)) for p in seen.values()]


def run(bench, command, options=(), **how):
    """Groups (kind, bytes, blocks, frames) of all its processes, and the outcome."""
    if not shutil.which("valgrind"):
        raise Skip("valgrind is not there")
    outcome = bench.run(["valgrind", *OPTIONS, *options, f"--xml-file={bench.path('valgrind.%p.xml')}", "--", *command], **how)
    groups = []
    for path in glob.glob(bench.path("valgrind.*.xml")):
        groups += read_xml(path)
    return groups, outcome


def read_xml(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if "</valgrindoutput>" not in text:      # replaced by exec, or killed
        return []
    found = []
    for error in ElementTree.fromstring(text).iter("error"):
        kind = KINDS.get(error.findtext("kind"))
        if kind is None:
            continue
        what = error.find("xwhat")
        direct = re.search(r"\(([\d,]+) direct", what.findtext("text"))     # else the indirect ones are counted twice
        size = int(direct[1].replace(",", "")) if direct else int(what.findtext("leakedbytes"))
        frames = [{"function": f.findtext("fn"), "file": f.findtext("file"), "line": int(f.findtext("line") or 0),
                   "module": f.findtext("obj")} for f in error.find("stack")]
        found.append((kind, size, int(what.findtext("leakedblocks")), frames))
    return found


def join_lost(sums):
    """Which block of a cycle stands for it is a matter of addresses."""
    parts = [sums.get(k, (0, 0)) for k in ("lost", "indirect")]
    rest = {k: v for k, v in sums.items() if k not in ("lost", "indirect")}
    return {**rest, "lost": (parts[0][0] + parts[1][0], parts[0][1] + parts[1][1])}


def is_table(groups, place, program):
    """Tables of the C library whose users point behind their heads, and what they lead to: possibly lost to valgrind."""
    tables = [frames for kind, _, _, frames in groups if kind == "possible" and place_of(frames, program.files) == place]
    return all(any(f["function"] in TABLES for f in frames) for frames in tables)


def judge(program, bench):
    reason = program.without_valgrind()
    if reason:
        raise Skip(f"not compared: {reason}")
    groups, outcome = run(bench, program.command(bench), before=prepare_user(program, bench))
    expect_equal("exit status under valgrind", outcome.status, status_of(program))
    wanted = {place: e.by_valgrind() for place, e in program.expectations(numbers_in(outcome.stdout)).items()}
    came = sum_groups(groups, program.files)
    problems = []
    for place in sorted(set(wanted) | {p for p in came if p}, key=str):
        sums, other = wanted.get(place, {}), came.get(place, {})
        if place not in wanted:
            ignored = ("reachable", "possible") if is_table(groups, place, program) else ("reachable",)
            other = {k: v for k, v in other.items() if k not in ignored}
        if sums is not None and say(join_lost(sums)) != say(join_lost(other)):
            problems.append(f"{place[0]}:{place[1]}: expected of valgrind {say(sums)}, came {say(other)}")
    expect(not problems, "; ".join(problems[:12]))
