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
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TESTS, "python"), os.path.join(TESTS, "prog")]

from graph_bench import GraphBench                       # noqa: E402
from interpreter import Interpreter                      # noqa: E402
from runner import chosen, run_all                       # noqa: E402

CASES = ("cases_proofs", "cases_edges", "cases_peers", "cases_when")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare heapline's reference graphs with what is known.")
    parser.add_argument("--heapline", required=True, help="the command to test")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to look into (default: the one that runs this)")
    parser.add_argument("--sessions", required=True, help="the built program tests/graph/prog/sessions.cpp")
    parser.add_argument("--nodes", required=True, help="the built program tests/graph/nodes.c")
    parser.add_argument("--compiler", default=os.environ.get("CC", "cc"), help="for extensions")
    parser.add_argument("--filter", action="append", default=[], help="a group, a scenario, or its beginning; may be given again")
    parser.add_argument("--list", action="store_true", help="print names and groups")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folders")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    found = [s for name in CASES for s in importlib.import_module(name).SCENARIOS if chosen(s, arguments.filter)]
    if arguments.list:
        for name, group, _ in found:
            print(f"{group}\t{name}")
        return 0
    if not found:
        print(f"no scenario is called {arguments.filter}; --list shows them", file=sys.stderr)
        return 2
    folder = tempfile.mkdtemp(prefix="heapline-graph-")
    try:
        interpreter = Interpreter(arguments.python, folder, arguments.compiler)
        print(interpreter, flush=True)
        built = map(os.path.abspath, (arguments.heapline, arguments.sessions, arguments.nodes))
        return run_all(found, GraphBench(interpreter, *built), arguments.keep)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
