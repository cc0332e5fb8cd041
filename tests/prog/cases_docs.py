"""docs/scenarios.md names every scenario, and names none that does not exist."""
import fnmatch
import os
import re

from harness import expect

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "scenarios.md")


def check(names, _bench):
    with open(DOCUMENT, encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("| ") and not line.startswith("| scenario")]
    patterns = [p for row in rows for p in re.findall(r"`([^`]+)`", row.split("|")[2])]
    missing = [n for n in names if not any(fnmatch.fnmatch(n, p) for p in patterns)]
    unknown = [p for p in patterns if not fnmatch.filter(names, p)]
    expect(not missing, f"not in docs/scenarios.md: {missing}")
    expect(not unknown, f"in docs/scenarios.md, but no such scenario: {unknown}")
