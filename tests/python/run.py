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
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "prog")]

import bench                                             # noqa: E402
from harness import Failure, Skip, adopt_orphans         # noqa: E402
from interpreter import Interpreter                      # noqa: E402

CASES = ("cases_lines", "cases_stacks", "cases_launch", "cases_processes", "cases_life", "cases_code")


def run_one(scenario, tools, keep):
    """Returns "ok", "skip" or "fail", and prints one line or more."""
    name, _, function = scenario
    started = time.monotonic()
    try:
        with tools.scenario(keep):
            function(tools)
    except Skip as reason:
        print(f"skip {name}: {reason}", flush=True)
        return "skip"
    except Failure as failure:
        print(f"FAIL {name}: {failure}", flush=True)
        return "fail"
    except Exception:   # a bug of the scenario is a failure with its trace, and the others still run
        print(f"FAIL {name}: {traceback.format_exc()}", flush=True)
        return "fail"
    print(f"ok   {name} ({time.monotonic() - started:.2f} s)", flush=True)
    return "ok"


def parse_arguments():
    parser = argparse.ArgumentParser(description="Run heapline's scenarios of Python programs.")
    parser.add_argument("--heapline", required=True, help="the command to test")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to profile (default: the one that runs this)")
    parser.add_argument("--compiler", default=os.environ.get("CC", "cc"), help="for extensions and embedding programs")
    parser.add_argument("--filter", action="append", default=[], help="a group, a scenario, or its beginning; may be given again")
    parser.add_argument("--list", action="store_true", help="print names and groups")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folders")
    return parser.parse_args()


def chosen(scenario, filters):
    name, group, _ = scenario
    return not filters or any(group == f or name == f or name.startswith(f + "-") for f in filters)


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
    adopt_orphans()
    folder = tempfile.mkdtemp(prefix="heapline-python-")
    try:
        interpreter = Interpreter(arguments.python, folder, arguments.compiler)
        print(interpreter, flush=True)
        tools = bench.PythonBench(os.path.abspath(arguments.heapline), interpreter)
        results = [run_one(s, tools, arguments.keep) for s in found]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    failed, skipped = results.count("fail"), results.count("skip")
    print(f"{len(results)} scenarios: {results.count('ok')} hold, {failed} fail, {skipped} skipped")
    return 1 if failed else 77 if skipped == len(results) else 0


if __name__ == "__main__":
    sys.exit(main())
