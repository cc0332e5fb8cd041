#!/usr/bin/env python3
"""Runs the scenarios of Python programs under heapline with one interpreter: tests/python/cases_*.py.

The interpreter under test need not be the one that runs this. A scenario that cannot be had with it is skipped, and
says why. Ends with 1 when one fails.
"""
import argparse
import importlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "prog")]

import bench                                             # noqa: E402
from interpreter import add_interpreter_options, run_with_interpreter    # noqa: E402

CASES = ("cases_lines", "cases_stacks", "cases_launch", "cases_processes", "cases_life", "cases_code")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Run heapline's scenarios of Python programs.")
    parser.add_argument("--heapline", required=True, help="the command to test")
    add_interpreter_options(parser)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    found = [s for name in CASES for s in importlib.import_module(name).SCENARIOS]
    return run_with_interpreter(found, arguments, lambda interpreter: bench.PythonBench(os.path.abspath(arguments.heapline), interpreter))


if __name__ == "__main__":
    sys.exit(main())
