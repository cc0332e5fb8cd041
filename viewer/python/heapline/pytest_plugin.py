"""The pytest plugin (docs/pytest.md): `pytest --heapline` measures each test's memory and holds it to its markers.

Every pytest of an environment with this package loads this file: what a session without --heapline does not need is imported elsewhere.
"""
from __future__ import annotations

import os
import sys

import pytest

from ._usage import is_recording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Optional

TOP = 10
FACTS = "HEAPLINE_PYTEST"           # the folder in which a session that was started anew leaves what is to be looked up after it

MARKERS = (
    "heapline_limit_peak(limit, fixtures=False): the test fails when the live bytes at its peak are more than `limit` (\"24 MB\") above "
    "those at its start; `fixtures`: from before its setup to after its teardown",
    "heapline_limit_leaks(limit, objects=None, warmups=0, fixtures=False): the test fails when more than `limit` of what it allocated is still "
    "live after it, or lost, or more than `objects` new objects; `warmups` runs before are not measured",
    "heapline_no_growth(iterations=20, limit=0): runs the test that many times; it fails when live bytes grow steadily by more than `limit` "
    "an iteration",
)


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("heapline", "memory of each test")
    group.addoption("--heapline", action="store_true", help="measure each test's memory, hold it to its heapline markers, and print a summary; "
                    "starts the session under `heapline run` unless it is already")
    group.addoption("--heapline-top", type=int, default=TOP, metavar="N", help="show the N tests with the highest peaks (default: %d)" % TOP)
    group.addoption("--heapline-output", metavar="FILE", help="keep the recording in FILE, for `heapline lines`, `leaks` and all else")


def _must_start(options: Any) -> bool:
    """It is wanted, nothing is recorded yet, and this session will run tests by itself."""
    if not options.heapline or is_recording() or "PYTEST_XDIST_WORKER" in os.environ:
        return False
    return not any(getattr(options, name, False) for name in ("help", "version", "collectonly", "markers", "showfixtures"))


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: Any) -> Iterator[None]:
    """Before anything of the tests is imported, and before output is captured."""
    if _must_start(early_config.known_args_namespace):
        from ._pytest_run import is_command_line, start
        if is_command_line():
            status = start(early_config, early_config.known_args_namespace)
            sys.stderr.flush()
            os._exit(status)               # as if it had been executed in this process's place: no plugin did anything here, none shall undo it
    yield


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: Any) -> Optional[int]:
    """Called by pytest.main(), whose caller waits for a status; or this plugin was named by a conftest, too late for the above."""
    if not _must_start(config.option):
        return None
    from ._pytest_run import start
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend(in_=True)
    return start(config, config.option)


def pytest_configure(config: Any) -> None:
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    if config.option.heapline and not config.option.collectonly:
        from ._pytest_session import Session
        config.pluginmanager.register(Session(config, os.environ.pop(FACTS, None)), "heapline-session")
