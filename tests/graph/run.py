#!/usr/bin/env python3
"""Is the reference graph right? Programs that keep something by mistake are explained by `heapline graph` alone
(cases_proofs.py), every way to refer to an object has its name (cases_edges.py), graphs are kept when they should be
(cases_when.py), and figures are those of objgraph, guppy3 and sys.getsizeof on the same heap (cases_peers.py).

The interpreter under test need not be the one that runs this. objgraph, guppy3 and numpy are looked for there; a scenario
that wants what is not there is skipped and says so. docs/graph.md tells how to have them.
"""
import argparse
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TESTS, "python"), os.path.join(TESTS, "prog")]

from graph_bench import GraphBench                       # noqa: E402
from interpreter import add_interpreter_options, run_with_interpreter    # noqa: E402

CASES = ("cases_proofs", "cases_edges", "cases_peers", "cases_when")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare heapline's reference graphs with what is known.")
    parser.add_argument("--heapline", required=True, help="the command to test")
    parser.add_argument("--sessions", required=True, help="the built program tests/graph/prog/sessions.cpp")
    parser.add_argument("--nodes", required=True, help="the built program tests/graph/nodes.c")
    add_interpreter_options(parser)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    found = [s for name in CASES for s in importlib.import_module(name).SCENARIOS]
    built = [os.path.abspath(path) for path in (arguments.heapline, arguments.sessions, arguments.nodes)]
    return run_with_interpreter(found, arguments, lambda interpreter: GraphBench(interpreter, *built))


if __name__ == "__main__":
    sys.exit(main())
