#!/usr/bin/env python3
"""Are the verdicts right? Small programs that lose memory in one known way each, under heapline and valgrind.

A program of tests/leaks/prog carries what is true. Each line that allocates what is still there at the end has a comment

    /* leak: lost=48/1 indirect=96/2 */     kind=BYTES/BLOCKS for each kind, compared exactly; "nothing", or "any" (not compared)
    by=KIND, by=KIND:NAME                   where the path of what is reachable begins: by=global:servers
    valgrind=KIND, valgrind=KIND:B/N,…      what valgrind says instead; `why:` in the first comment explains it
    …; NAME,NAME: …                         the same for these cases

and a line without such a comment holds nothing that is lost, indirectly lost or possibly lost. The first comment may say, one
a line (docs/leak-accuracy.md has the whole picture):

    arguments: A B, run: OPTIONS of heapline run, leaks: OPTIONS of heapline leaks, exit: N, signal: NAME, as: USER
    verdict: clean|leaks|incomplete         (default: leaks where a comment says lost, else clean)
    reason: WORDS                           one of the verdict's reasons has these
    unseen: WORDS                           what is said of the only thread that was not stopped has these
    case: NAME: key=value key=value         one run more, with these keys;  variant: BINARY, another build
    expect: file:LINE …                     a comment for a line of another file
    limit: REASON                           it is known not to hold; it must not
    stack: a;b                              some group has these functions, outermost first
    valgrind: no, REASON                    not compared;  valgrind: no CASE CASE: REASON

The rest stands in cases.py: running servers, debuggers, Python.
"""
import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "prog"), os.path.join(HERE, "..")]

import against_valgrind                                          # noqa: E402
import cases                                                     # noqa: E402
from harness import Bench, Failure                               # noqa: E402
from runner import add_options, run_chosen                                       # noqa: E402
import table                                                     # noqa: E402
import verdicts                                                  # noqa: E402

SUITES = {"verdicts": (verdicts, cases, table), "valgrind": (against_valgrind,)}


class LeakBench(Bench):
    def leaks(self, trace, *options):
        """heapline leaks --json; its exit code must be the verdict's."""
        outcome = self.run([self.heapline, "leaks", "--json", *options, trace])
        leaks = self.parse(outcome)
        if outcome.status != verdicts.EXIT_CODES[leaks["verdict"]]:
            raise Failure(f"heapline leaks: verdict {leaks['verdict']} and exit code {outcome.status}")
        return leaks

    @staticmethod
    def parse(outcome):
        try:
            return json.loads(outcome.stdout)
        except ValueError:
            raise Failure(f"heapline leaks: no JSON, exit code {outcome.status}: {outcome.stderr[:300]}") from None


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare heapline's leak verdicts with what is known.")
    parser.add_argument("--heapline", required=True, help="the command to test")
    parser.add_argument("--programs", required=True, help="folder of the built tests/leaks/prog")
    parser.add_argument("--suite", choices=[*SUITES], default="verdicts")
    parser.add_argument("--table", action="store_true", help="print the table of disagreements for docs/leak-accuracy.md")
    add_options(parser)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if arguments.table:
        print("\n".join([table.HEAD, "|---|---|---|---|---|", *table.rows()]))
        return 0
    found = [s for module in SUITES[arguments.suite] for s in module.scenarios()]
    built = [os.path.abspath(arguments.heapline), os.path.abspath(arguments.programs)]
    return run_chosen(found, arguments, lambda: LeakBench(*built, None, None))


if __name__ == "__main__":
    sys.exit(main())
