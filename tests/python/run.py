#!/usr/bin/env python3
"""Runs the scenarios of Python programs under heapline with one interpreter: tests/python/cases_*.py.

The interpreter under test need not be the one that runs this. A scenario that cannot be had with it is skipped, and
says why. Ends with 1 when one fails.
"""
import argparse
import importlib
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "prog")]

import bench                                             # noqa: E402
from interpreter import Interpreter                      # noqa: E402
from runner import chosen, run_all                       # noqa: E402

CASES = ("cases_lines", "cases_stacks", "cases_launch", "cases_processes", "cases_life", "cases_code")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Run heapline's scenarios of Python programs.")
    parser.add_argument("--heapline", required=True, help="the command to test")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to profile (default: the one that runs this)")
    parser.add_argument("--compiler", default=os.environ.get("CC", "cc"), help="for extensions and embedding programs")
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
    folder = tempfile.mkdtemp(prefix="heapline-python-")
    try:
        interpreter = Interpreter(arguments.python, folder, arguments.compiler)
        print(interpreter, flush=True)
        tools = bench.PythonBench(os.path.abspath(arguments.heapline), interpreter)
        return run_all(found, tools, arguments.keep)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
