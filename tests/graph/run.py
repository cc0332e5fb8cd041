#!/usr/bin/env python3
"""Is the reference graph right? Programs that keep something by mistake are explained by `heapline graph` alone
(cases_proofs.py), every way to refer to an object has its name (cases_edges.py), graphs are kept when they should be
(cases_when.py), and figures are those of objgraph, guppy3 and sys.getsizeof on the same heap (cases_peers.py).

The interpreter under test need not be the one that runs this. With --environment FOLDER it gets objgraph, guppy3 and numpy by
pip, in an environment made there once; where they are not there, scenarios that want them are skipped and say so.
"""
import argparse
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, TESTS, os.path.join(TESTS, "python"), os.path.join(TESTS, "prog")]

from graph_bench import GraphBench                       # noqa: E402
from interpreter import add_interpreter_options, run_with_interpreter    # noqa: E402
import virtual_environment                               # noqa: E402

CASES = ("cases_proofs", "cases_edges", "cases_peers", "cases_when")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare heapline's reference graphs with what is known.")
    parser.add_argument("--heapline", required=True, help="the command to test")
    parser.add_argument("--sessions", required=True, help="the built program tests/graph/prog/sessions.cpp")
    parser.add_argument("--nodes", required=True, help="the built program tests/graph/nodes.c")
    virtual_environment.add_peers_option(parser)
    add_interpreter_options(parser)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if not arguments.list:
        virtual_environment.use_peers(arguments)
    found = [s for name in CASES for s in importlib.import_module(name).SCENARIOS]
    built = [os.path.abspath(path) for path in (arguments.heapline, arguments.sessions, arguments.nodes)]
    return run_with_interpreter(found, arguments, lambda interpreter: GraphBench(interpreter, *built))


if __name__ == "__main__":
    sys.exit(main())
