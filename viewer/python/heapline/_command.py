"""`python -m heapline`: finds the heapline command and becomes it."""
from __future__ import annotations

import glob
import os
import shutil
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, NoReturn, Optional

PACKAGE = os.path.dirname(os.path.abspath(__file__))
COMPAT = os.path.join(PACKAGE, "compat")
NOT_FOUND = 127
SCRIPTS = (".py", ".pyw", ".pyc", ".pyz")


def main(arguments: List[str]) -> None:
    if arguments == ["--compat-path"]:
        print(COMPAT)
        return
    command = find()
    if command is None:
        sys.stderr.write("heapline: the command heapline is neither installed beside this package (%s) nor on PATH; "
                         "install heapline, or add the folder of its command to PATH\n" % PACKAGE)
        sys.exit(NOT_FOUND)
    run(command, forwarded(arguments))


def forwarded(arguments: List[str]) -> List[str]:
    """The command's arguments. A script, or -m and -c as Python has them, is run by this interpreter under heapline; all else goes as it is."""
    first = arguments[0] if arguments else ""
    if first in ("-m", "-c") or first.endswith(SCRIPTS) or os.sep in first:
        return ["run", "--memory-profiler", "--", sys.executable] + arguments
    return arguments


def find() -> Optional[str]:
    """The command of this package's own installation (PREFIX/share/heapline/python/heapline), the newest of its checkout, or that of the
    environment; else the first on PATH."""
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(PACKAGE)))
    prefix = os.path.dirname(checkout)
    built = glob.glob(os.path.join(glob.escape(checkout), "build*", "viewer", "heapline"))
    beside = [os.path.join(prefix, "bin", "heapline")] + sorted(built, key=os.path.getmtime, reverse=True)
    beside.append(os.path.join(sys.prefix, "bin", "heapline"))
    for path in beside:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return shutil.which("heapline")


def run(command: str, arguments: List[str]) -> NoReturn:
    sys.stdout.flush()
    try:
        os.execv(command, [command] + arguments)
    except OSError as error:
        sys.stderr.write("heapline: cannot execute '%s': %s\n" % (command, error.strerror))
        sys.exit(126)
