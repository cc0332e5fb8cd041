#!/usr/bin/env python3
"""Runs the scenarios: tiny programs under heapline, with what must be true afterwards. docs/scenarios.md lists them all.

A program of tests/prog is a scenario by its first comment, which says what it proves and then, one a line, `key: value`:

    group: NAME             which --filter finds it ("none": only a part of other scenarios)
    arguments: A B          {programs} is the folder of the built programs
    exit: N, signal: NAME   how it ends, natively and profiled (default: exit 0)
    case: NAME: key=value…  one scenario more: NAME is added to its name, the keys go before those of the program
    variant: BINARY         one scenario more with another build of the source
    count: exact            totals of every process equal the independent count (default)
           sums             … but for the peak and temporaries, which depend on the threads' order
           calls            … only allocations, frees and allocated bytes
           partial          … as sums, of those processes that the counting preload reached
           none             … not compared; never: the counting preload may not even be there
    output: varies          stdout is not the same twice; it is not compared with a native run
    processes: N            distinct pids in the trace; sections: N, address spaces (fork, exec)
    stack: a;b;c            some stack has these functions in this order, outermost first; nostack: none has
    depth: f:N              some stack has f N times
    bytes: f N              all stacks that end with f allocated N bytes
    truncated: N            stacks cut off (default 0); unmatched: N, frees of unknown blocks (default 0); both: or "any"
    unprofiled: WORD        one child is reported as not profiled, with WORD in the reason
    thread: NAME            a thread of this name is in the report
    require: a>b            about the numbers that the program printed as a=1 b=2
    expect: file:LINE …     an expectation for a line of another file, see below

and by a comment at each line that allocates, `expect: key=value …`, compared with `heapline lines --json` summed over the run:
count (allocations), bytes (allocated), live (at the end), freed, temporary, peak, function; the same of other memory than the
heap with the kind in front, as --memory knows it: mapped_live, mapped_count, file_live, reserved_live. A value is a number or a
product of numbers and $names that the program printed as name=number; "any" is not compared. A line that allocates and has no
such comment is a failure, unless it calls what allocates by itself (LIBRARY_CALLS in tests/prog/programs.py).

The rest of the scenarios, which need more than one program and one run, stand in tests/prog/cases_*.py.
"""
import argparse
import functools
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "prog"))

import cases_docs                          # noqa: E402
from harness import Bench                       # noqa: E402
import programs                            # noqa: E402
from runner import add_options, run_chosen              # noqa: E402

CASES = ("cases_run", "cases_refusals", "cases_files", "cases_modules", "cases_counts")


def all_scenarios():
    """(name, group, function of a bench), in the order of the files."""
    found = programs.scenarios(os.path.join(HERE, "prog"))
    for name in CASES:
        found += importlib.import_module(name).SCENARIOS
    names = [name for name, _, _ in found]
    return found + [("docs-table", "docs", functools.partial(cases_docs.check, names))]


def parse_arguments():
    parser = argparse.ArgumentParser(description="Run heapline's scenarios.")
    parser.add_argument("--heapline", help="the command to test")
    parser.add_argument("--programs", required=True, help="folder of the built tests/prog")
    parser.add_argument("--count", required=True, help="the built counting preload, count.so")
    parser.add_argument("--workloads", default=os.path.join(HERE, "..", "..", "shared", "workloads"))
    parser.add_argument("--self-check", action="store_true", help="judge the programs by the counting preload alone")
    add_options(parser)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    found = programs.self_checks(os.path.join(HERE, "prog")) if arguments.self_check else all_scenarios()
    if not arguments.self_check and not arguments.list and not arguments.heapline:
        print("which heapline? Give --heapline PATH", file=sys.stderr)
        return 2
    return run_chosen(found, arguments, lambda: Bench(arguments.heapline and os.path.abspath(arguments.heapline),
                      os.path.abspath(arguments.programs), os.path.abspath(arguments.count), os.path.abspath(arguments.workloads)))


if __name__ == "__main__":
    sys.exit(main())
