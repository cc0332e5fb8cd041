"""The interpreter under test: what it is, what it can do, and programs built against its headers.

Programs are built when a scenario asks for them, by the compiler that made heapline's tests and not by the build system, because
a matrix names interpreters that no build folder was configured for.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from harness import Failure, Skip
from runner import add_options, run_chosen

HERE = os.path.dirname(os.path.abspath(__file__))

FACTS = r"""
import json, os, sys, sysconfig
version = sysconfig.get_config_var
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "text": sys.version.split()[0],
    "executable": sys.executable,
    "real": os.path.realpath(sys.executable),
    "include": sysconfig.get_path("include"),
    "platinclude": sysconfig.get_path("platinclude"),
    "suffix": version("EXT_SUFFIX"),
    "libdir": version("LIBDIR"),
    "ldlibrary": version("LDLIBRARY"),
    "ldversion": version("LDVERSION") or version("VERSION"),
    "base_prefix": sys.base_prefix,
}))
"""


def add_interpreter_options(parser):
    parser.add_argument("--python", default=sys.executable, help="the interpreter under test (default: the one that runs this)")
    parser.add_argument("--compiler", default=os.environ.get("CC", "cc"), help="for extensions and embedding programs")
    add_options(parser)


def run_with_interpreter(found, arguments, make_bench):
    """run_chosen with a bench made of the interpreter that the options name, which is printed first."""
    folder = tempfile.mkdtemp(prefix="heapline-python-")

    def make():
        interpreter = Interpreter(arguments.python, folder, arguments.compiler)
        print(interpreter, flush=True)
        return make_bench(interpreter)
    try:
        return run_chosen(found, arguments, make)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Interpreter:
    """`folder` keeps what was built, for all scenarios of a run."""

    def __init__(self, path, folder, compiler):
        self.folder, self.compiler = folder, compiler
        self.built = {}
        outcome = subprocess.run([path, "-E", "-c", FACTS], stdout=subprocess.PIPE, check=True, text=True)
        self.facts = json.loads(outcome.stdout)
        self.path = self.facts["executable"]
        self.version = tuple(self.facts["version"])

    def __str__(self):
        return f"Python {self.facts['text']} ({self.path})"

    def at_least(self, *version):
        return self.version >= version

    def symbol(self, name):
        """(file, link-time address) of a function of the interpreter, also one that it does not export; None: its
        symbols are stripped."""
        files = [self.facts["real"], os.path.join(self.facts["libdir"] or "", f"lib{'python' + self.facts['ldversion']}.so")]
        for file in filter(os.path.exists, map(os.path.realpath, files)):
            for options in ([], ["-D"]):
                listed = subprocess.run(["nm", *options, file], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True).stdout
                found = re.search(r"^([0-9a-f]+) [Tt] " + name + "$", listed, re.MULTILINE)
                if found:
                    return file, int(found[1], 16)
        return None

    def has_headers(self):
        return os.path.exists(os.path.join(self.facts["include"], "Python.h"))

    def need_headers(self):
        if not self.has_headers():
            raise Skip(f"{self} has no headers: {self.facts['include']}/Python.h")
        if not shutil.which(self.compiler):
            raise Skip(f"there is no compiler '{self.compiler}'")

    def compile(self, name, arguments):
        """Compiles once a run; returns the file. `arguments` is called with its path."""
        self.need_headers()
        target = os.path.join(self.folder, name)
        if target not in self.built:
            command = [self.compiler, "-g", "-O1", "-fno-optimize-sibling-calls", "-Wall", "-Wextra",
                       "-Wno-unused-parameter", "-Wno-cast-function-type", "-Wno-missing-field-initializers", "-isystem",
                       self.facts["include"],
                       "-isystem", self.facts["platinclude"], "-o", target, *arguments]
            outcome = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.built[target] = (outcome.returncode, outcome.stdout)
        status, messages = self.built[target]
        if status != 0:
            raise Failure(f"{os.path.basename(name)} does not compile: {messages}")
        if messages:
            raise Failure(f"{os.path.basename(name)} compiles with warnings: {messages}")
        return target

    def extension(self, name, source=HERE):
        """Builds NAME.c of the folder `source` (tests/python) as an extension module; returns the folder to put on PYTHONPATH."""
        os.makedirs(os.path.join(self.folder, "modules"), exist_ok=True)
        self.compile(os.path.join("modules", name + self.facts["suffix"]),
                     ["-fPIC", "-shared", "-D_GNU_SOURCE", os.path.join(source, name + ".c"), "-lpthread"])
        return os.path.join(self.folder, "modules")

    def embedding(self, name):
        """Builds tests/python/NAME.c as a program around libpython."""
        libdir = self.facts["libdir"]
        library = "python" + self.facts["ldversion"]
        found = [d for d in (libdir, os.path.join(libdir, os.uname().machine + "-linux-gnu"))
                 if d and os.path.exists(os.path.join(d, f"lib{library}.so"))]
        if not found:
            raise Skip(f"{self} has no lib{library}.so to link with")
        return self.compile(name, ["-D_GNU_SOURCE", os.path.join(HERE, name + ".c"), "-L" + found[0], "-Wl,-rpath," + found[0],
                                   "-l" + library, "-lpthread", "-ldl", "-lm"])
