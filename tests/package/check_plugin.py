#!/usr/bin/env python3
"""The pytest plugin, in an environment of its own with pytest, xdist and asyncio, which is made once with pip.

    check_plugin.py COMMAND ENVIRONMENT [PYTEST-ARGUMENT...]

Where pip brings nothing, the pytest of this very Python does; what other plugins are needed for is left out then, and the test counts as
skipped.
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import virtual_environment                               # noqa: E402

SOURCES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "viewer", "python", "heapline")
WANTED = ["pytest", "pytest-xdist", "pytest-asyncio"]
SKIPPED = 77


def main(command, folder, *arguments):
    python, why_not = virtual_environment.make(os.path.abspath(folder), sys.executable, WANTED)
    if python is None:
        print(why_not)
    if python is None and subprocess.run([sys.executable, "-c", "import pytest"], stderr=subprocess.DEVNULL).returncode != 0:
        print("and %s has no pytest" % sys.executable)
        return SKIPPED
    with tempfile.TemporaryDirectory() as prefix:
        package = os.path.join(prefix, "share", "heapline", "python")
        os.makedirs(package)
        os.makedirs(os.path.join(prefix, "bin"))
        os.symlink(SOURCES, os.path.join(package, "heapline"))
        os.symlink(os.path.abspath(command), os.path.join(prefix, "bin", "heapline"))
        variables = dict(os.environ, PYTHONPATH=package, HEAPLINE_PLUGIN_COMMAND=os.path.abspath(command), PYTHONDONTWRITEBYTECODE="1")
        for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "LD_PRELOAD", "HEAPLINE_SOCKET"):
            variables.pop(name, None)
        pytest = [python or sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-W", "ignore", "--rootdir", HERE]
        status = subprocess.run(pytest + [os.path.join(HERE, "plugin", "plugin_cases.py")] + list(arguments), env=variables).returncode
    return SKIPPED if status == 0 and python is None else status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
