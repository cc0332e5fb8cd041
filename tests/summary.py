#!/usr/bin/env python3
"""Ends a test run: why tests were skipped, which failed, and one line with the numbers. Reads meson's testlog.json."""
import collections
import json
import re
import sys

GOOD = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}
REASON = re.compile(r"\bskip(?:ped|ping)?\b", re.IGNORECASE)


def read_results(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []


def kind_of(result):
    return "passed" if result in GOOD else "skipped" if result in SKIPPED else "failed"


def reasons_of(test):
    """Lines that say why something was skipped; a skipped test's last line when none does."""
    told = (test.get("stderr") or "") + "\n" + (test.get("stdout") or "")
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    # cmocka's own markers name the test only; what holds may be called so; counts ("3 skipped") are no reasons.
    reasons = [line for line in lines
               if REASON.search(line) and not line.startswith(("[", "ok ")) and not re.search(r"\b\d+ skipped|\bskipped=\d", line)]
    if not reasons and kind_of(test["result"]) == "skipped":
        reasons = lines[-1:] or ["it gave no reason"]
    return reasons


def main():
    tests = read_results(sys.argv[1])
    for test in tests:
        for reason in reasons_of(test):
            print(f"skipped in {test['name']}: {reason}")
    for test in tests:
        if kind_of(test["result"]) == "failed":
            print(f"failed: {test['name']} ({test['result']})")
    numbers = collections.Counter(kind_of(test["result"]) for test in tests)
    print(f"{numbers['passed']} passed, {numbers['failed']} failed, {numbers['skipped']} skipped")
    return 1 if numbers["failed"] or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
