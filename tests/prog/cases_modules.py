"""The same program under odd paths, stripped, with its debug information elsewhere: named right, or not at all, never wrong."""
import os
import shutil
import subprocess

from cases_run import finish, start_waiting
from harness import Skip, expect, expect_equal, has_subsequence

SCENARIOS = []
OUTER = ["main", "plain_outer", "plain_inner"]


def scenario(name):
    def add(function):
        SCENARIOS.append((name, "modules", function))
        return function
    return add


def tool(*command):
    if not shutil.which(command[0]):
        raise Skip(f"{command[0]} is not installed")
    subprocess.run(command, check=True, capture_output=True)


def copy(bench, *names):
    path = bench.path(*names)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    shutil.copy(bench.program("plain"), path)
    return path


def profile_plain(bench, path):
    outcome, trace = bench.profile([path])
    expect_equal("status", outcome.status, 0)
    expect_equal("losses.truncated_stacks", bench.report(trace)["losses"]["truncated_stacks"], 0)
    return trace


def expect_lines(bench, trace):
    rows = [r for r in bench.lines(trace) if os.path.basename(r.get("file") or "") == "plain.c"]
    figures = [(r["function"], r["allocations"], r["live_bytes"]) for r in rows]
    expect_equal("lines of plain.c", figures, [("plain_inner", 2, 1024)])
    expect(any(has_subsequence(names, OUTER) for names, _ in bench.stacks(trace)), f"no stack with {OUTER}")


def expect_nameless(bench, trace, least, *forbidden):
    """So many bytes are there, and nothing is called by a name that cannot be known."""
    sections = bench.report(trace)["processes"]
    expect(sections[0]["live_bytes"] >= least, f"live bytes: {sections[0]['live_bytes']}")
    wrong = [";".join(names) for names, _ in bench.stacks(trace) if any(f in names for f in forbidden)]
    expect(not wrong, f"named although nobody can know: {wrong[:3]}")


@scenario("module-path-spaces")
def path_spaces(bench):
    trace = profile_plain(bench, copy(bench, "a folder  with 'quotes' and $dollars", "the program;x"))
    expect_lines(bench, trace)


@scenario("module-path-utf8")
def path_utf8(bench):
    trace = profile_plain(bench, copy(bench, "Größe-プログラム", "naïve 🦊"))
    expect_lines(bench, trace)
    expect("naïve 🦊" in bench.report(trace)["processes"][0]["command"], "the command's name is damaged")


@scenario("module-path-not-utf8")
def path_not_utf8(bench):
    path = os.path.join(os.fsencode(bench.scratch), b"caf\xe9-\xff\xfe")
    shutil.copy(bench.program("plain"), path)
    trace = profile_plain(bench, os.fsdecode(path))
    expect_lines(bench, trace)


@scenario("module-path-long")
def path_long(bench):
    trace = profile_plain(bench, copy(bench, *["x" * 200] * 15, "plain"))
    expect_lines(bench, trace)


@scenario("module-stripped")
def stripped(bench):
    path = copy(bench, "stripped")
    tool("strip", "--strip-all", path)
    expect_nameless(bench, profile_plain(bench, path), 1024, "plain_inner", "plain_outer")


@scenario("module-symbols-only")
def symbols_only(bench):
    path = copy(bench, "symbols")
    tool("strip", "--strip-debug", path)
    trace = profile_plain(bench, path)
    expect(any(has_subsequence(names, OUTER) for names, _ in bench.stacks(trace)), f"no stack with {OUTER} from the symbol table")


def split_debug(bench, folder):
    path = copy(bench, "split")
    debug = bench.path(folder, "split.debug")
    os.makedirs(os.path.dirname(debug), exist_ok=True)
    tool("objcopy", "--only-keep-debug", path, debug)
    tool("strip", "--strip-all", path)
    tool("objcopy", f"--add-gnu-debuglink={debug}", path)
    return path, debug


@scenario("module-debug-beside")
def debug_beside(bench):
    expect_lines(bench, profile_plain(bench, split_debug(bench, ".")[0]))


@scenario("module-debug-subfolder")
def debug_subfolder(bench):
    expect_lines(bench, profile_plain(bench, split_debug(bench, ".debug")[0]))


@scenario("module-debug-of-another")
def debug_of_another(bench):
    """The debug file of the right name belongs to another build: it is not believed."""
    path, debug = split_debug(bench, ".debug")
    tool("objcopy", "--only-keep-debug", bench.program("deep_stack"), debug)
    expect_nameless(bench, profile_plain(bench, path), 1024, "plain_inner", "down")


@scenario("module-no-build-id")
def no_build_id(bench):
    expect_lines(bench, profile_plain(bench, bench.program("plain_noid")))


@scenario("module-deleted")
def deleted(bench):
    """The executable is deleted while it runs: its blocks are counted; names may be missing but not wrong."""
    path = bench.path("deleted")
    shutil.copy(bench.program("waits"), path)
    trace = bench.path("trace.hpl")
    process, _, _ = start_waiting(bench, command=[bench.heapline, "run", "-o", trace, "--", path])
    os.unlink(path)
    finish(process, close_input=True)
    expect_equal("status", process.returncode, 0)
    expect_nameless(bench, trace, 150, "plain_inner", "handler")
