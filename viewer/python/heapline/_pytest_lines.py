"""The lines that made a test exceed its limit, from the recording: between the marks at its beginning and its end."""
from __future__ import annotations

import json
import os
import subprocess

from ._command import PACKAGE
from ._units import format_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple
    Row = Dict[str, Any]

TOP = 5
LEAST_SHARE = 0.01           # of the first line's: what pytest itself does on the way is not worth a line


def lines_of(command: str, trace: str, failure: Dict[str, Any]) -> List[str]:
    """A few lines of text, the largest first. `failure` is what the session wrote about it."""
    rows = _rows(command, trace, failure)
    if failure["kind"] == "peak":
        measure: Callable[[Row], Tuple[int, int]] = lambda row: (row["allocated_bytes"], row["allocations"])
        unit = "allocated in"
    else:
        measure = lambda row: (row["allocated_bytes"] - row["freed_bytes"], row["allocations"] - row["frees"])      # noqa: E731
        unit = "left in"
    rows = sorted((row for row in rows if not str(row["file"]).startswith(PACKAGE)), key=measure, reverse=True)
    largest = [row for row in rows[:TOP] if measure(row)[0] > measure(rows[0])[0] * LEAST_SHARE > 0]
    return ["  %10s %s %s  %s" % (format_bytes(measure(row)[0]), unit, _blocks(measure(row)[1]), _place(row)) for row in largest]


def _blocks(count: int) -> str:
    return "1 block" if count == 1 else format(count, ",") + " blocks"


def _rows(command: str, trace: str, failure: Dict[str, Any]) -> List[Row]:
    arguments = [command, "lines", "--json", "--by", "allocated", "--from", failure["label"], "--to", failure["label"],
                 "--process", str(failure["process"]), trace]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        return list(json.loads(done.stdout.decode("utf-8", "replace"))["lines"])
    except (ValueError, KeyError):
        return []


def _place(row: Row) -> str:
    if not row["file"]:
        return str(row["function"] or row["module"] or "[unknown]")
    path = os.path.relpath(row["file"]) if row["file"].startswith(os.getcwd() + os.sep) else row["file"]
    text = _source(row["file"], row["line"])
    return "%s:%s%s" % (path, row["line"], "  " + text if text else " in " + row["function"] if row["function"] else "")


def _source(path: str, line: Optional[int]) -> str:
    import linecache
    return linecache.getline(path, line).strip() if line else ""
