"""Asks the heapline command from inside of a process that it records."""
from __future__ import annotations

import json
import os
import sys

from ._command import PACKAGE, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional


class GraphError(RuntimeError):
    """Something that was asked for cannot be had: one sentence that says why and what to do. status: of the command;
    1: there is nothing of that kind."""

    def __init__(self, sentence: str, status: int = 2) -> None:
        super().__init__(sentence)
        self.status = status


def words() -> List[str]:
    """How this program was started, as far as it is known."""
    return [os.path.basename(sys.executable or "python3")] + [word for word in getattr(sys, "argv", []) if word][:1]


def recorder() -> Optional[str]:
    """The command that belongs to the library in this process: beside it in a build folder, or as both are
    installed. Another version would not be answered."""
    for entry in os.environ.get("LD_PRELOAD", "").replace(" ", ":").split(":"):
        if os.path.basename(entry).startswith("libheapline"):
            folder = os.path.dirname(entry)
            while os.path.dirname(folder) != folder:
                folder = os.path.dirname(folder)
                for beside in ("viewer", "bin"):
                    path = os.path.join(folder, beside, "heapline")
                    if os.path.isfile(path) and os.access(path, os.X_OK):
                        return path
    return find()


def run(arguments: List[str]) -> bytes:
    """What the command prints. It is not recorded with the program, and waiting for it lets other threads run."""
    import subprocess
    command = recorder()
    if command is None:
        raise GraphError("the command heapline is neither installed beside its package (%s) nor on PATH: install heapline, or add "
                         "the folder of its command to PATH" % PACKAGE)
    done = subprocess.run([command] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=_environment(), check=False)
    if done.returncode != 0:
        raise GraphError(_sentence(done.stderr) or "`heapline %s` ended with %d" % (" ".join(arguments), done.returncode), done.returncode)
    return done.stdout


def ask(arguments: List[str]) -> Any:
    """The same, of JSON."""
    return json.loads(run(arguments).decode("utf-8"))


def _environment() -> Dict[str, str]:
    """An empty socket means: this one is not recorded. No colours, no pager."""
    return dict(os.environ, HEAPLINE_SOCKET="", TERM="dumb")


def _sentence(stderr: bytes) -> str:
    text = stderr.decode("utf-8", "replace").strip()
    return text[len("heapline: "):] if text.startswith("heapline: ") else text
