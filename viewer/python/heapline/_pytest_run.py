"""`pytest --heapline` starts itself anew under `heapline run`, waits, and then looks up lines in what was recorded."""
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

import pytest

from ._command import PACKAGE, find
from .pytest_plugin import FACTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional

OUTPUT = "--heapline-output"
FORWARDED = (signal.SIGTERM, signal.SIGHUP)
FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)


def is_command_line() -> bool:
    """This process is a pytest command, and nobody's function call."""
    return _command() is not None


def _command() -> Optional[List[str]]:
    """How this process was started, before its arguments."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name in ("pytest.__main__", "pytest"):
        return ["-m", "pytest"]
    script = getattr(main, "__file__", None)
    if spec is None and script and os.path.basename(script) in ("pytest", "py.test"):
        return [script]
    return None


def start(config: Any, options: Any) -> int:
    """Runs the session under heapline. Returns its exit status."""
    if FACTS in os.environ:
        raise pytest.UsageError("heapline runs this session, but this package does not see it recorded: the command is older than the "
                                "package, or its library cannot be loaded into %s (`heapline run %s -c pass` says why)" % (sys.executable, sys.executable))
    if config.invocation_params.plugins:
        raise pytest.UsageError("--heapline cannot start a session anew that was given plugins as objects: run the program that calls "
                                "pytest.main() under `heapline run`")
    command = find()
    if command is None:
        raise pytest.UsageError("--heapline needs the command heapline, which is neither installed beside its package (%s) nor on PATH: "
                                "install heapline, or add the folder of its command to PATH" % PACKAGE)
    folder = tempfile.mkdtemp(prefix="heapline-pytest-")
    try:
        trace = os.path.abspath(options.heapline_output or os.path.join(folder, "pytest.hpl"))
        status = _run(_arguments(config, command, trace, options.heapline_output), dict(os.environ, **{FACTS: folder}))
        _report(command, trace, _failures(folder), options.heapline_output)
        return status
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _arguments(config: Any, command: str, trace: str, keep: Optional[str]) -> List[str]:
    python = [sys.executable] + subprocess._args_from_interpreter_flags() + (_command() or ["-m", "pytest"])      # type: ignore[attr-defined]
    return ([command, "run", "--quiet", "-o", trace] + ([] if keep else ["--no-leak-check"]) + ["--"] + python
            + _joined([str(os.fspath(argument)) for argument in config.invocation_params.args]))


def _joined(arguments: List[str]) -> List[str]:
    """With --heapline-output=FILE in one: pytest looks for its root where arguments are files that are there, before it knows our options."""
    joined: List[str] = []
    for argument in arguments:
        if joined and joined[-1] == OUTPUT:
            joined[-1] += "=" + argument
        else:
            joined.append(argument)
    return joined


def _run(arguments: List[str], environment: Dict[str, str]) -> int:
    """Waits for it, and gives it the signals that come to this process alone."""
    sys.stdout.flush()
    sys.stderr.flush()
    child: List[subprocess.Popen[bytes]] = []
    waiting: List[int] = []

    def forward(number: int, frame: Any) -> None:
        if number in FROM_TERMINAL and _has_terminal():
            return                            # the terminal told the child as well
        if child:
            child[0].send_signal(number)
        else:
            waiting.append(number)
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.signal(number, forward) for number in FORWARDED + FROM_TERMINAL}
    try:
        child.append(subprocess.Popen(arguments, env=environment))
        for number in waiting:
            child[0].send_signal(number)
        status = child[0].wait()
        return status if status >= 0 else 128 - status
    except OSError as error:
        raise pytest.UsageError("cannot execute '%s': %s" % (arguments[0], error.strerror))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _has_terminal() -> bool:
    """This process is in the foreground of a terminal, whose keys signal the whole group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


# ---- afterwards -----------------------------------------------------------------------------------------------------


def _failures(folder: str) -> List[Dict[str, Any]]:
    try:
        with open(os.path.join(folder, "failures"), encoding="utf-8") as file:
            return list(json.load(file))
    except (OSError, ValueError):
        return []


def _report(command: str, trace: str, failures: List[Dict[str, Any]], keep: Optional[str]) -> None:
    if not failures or not os.path.exists(trace):
        return
    from ._pytest_lines import lines_of
    width = shutil.get_terminal_size().columns
    print(" heapline: the lines of tests beyond their limits ".center(width, "="))
    for failure in failures:
        print("\n%s, %s:" % (failure["test"], failure["what"]))
        for line in lines_of(command, trace, failure) or ["  (its lines could not be looked up)"]:
            print(line)
    if keep:
        print("\nMore: heapline lines --from '%s' --to '%s' %s" % (failures[0]["label"], failures[0]["label"], keep))
    sys.stdout.flush()
