"""The Python programs that are measured, the interpreter that runs them, and a virtual environment of it that holds memray."""
import dataclasses
import os
import subprocess

from workloads import HERE, Missing, need

DEBIAN = "/usr/bin/python3"
MEMRAY = "1.17.0"                 # the version that the limits were set beside
EVENTS = 8_500_000                # events of the trace on which reports are timed, at least


@dataclasses.dataclass
class Case:
    name: str                     # as --only takes it
    file: str
    count: int                    # the program's argument
    limits: dict = dataclasses.field(default_factory=dict)   # figure: (must, aim)
    own: bool = True              # of tests/bench/python: the geometric means go over these


# Figures with limits: "objects", the time until the command returns in multiples of native; "share", what that adds over what
# memray's complete mode adds.
CASES = [
    Case("pydata", "pydata.py", 100000, {"objects": (2.2, 1.6)}, own=False),
    Case("pyobjects", "pyobjects.py", 300000, {"share": (1 / 5, 1 / 8)}, own=False),
    Case("pypandas", "pypandas.py", 1000000, {"objects": (1.15, 1.05)}, own=False),
    Case("json", "json_text.py", 44),
    Case("pickle", "pickle_graph.py", 20),
    Case("re", "re_scan.py", 110),
    Case("objects", "objects.py", 550),
    Case("str", "str_methods.py", 170),
    Case("float", "floats.py", 250),
    Case("generators", "generators.py", 450),
    Case("async", "async_tasks.py", 180),
    Case("calls", "calls.py", 800),
    Case("comprehensions", "comprehensions.py", 480),
]
CASE_NAMES = [case.name for case in CASES]
OWN_CASES = sum(case.own for case in CASES)
MEAN_LIMITS = {"objects": (1.9, 1.5), "arenas": (1.10, 1.03)}
REPORT_SECONDS = 0.5


def ask(python, code):
    """What the interpreter prints for a piece of code, or None where it is none or cannot."""
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def real_interpreter(chosen=None):
    """The executable itself: a version manager's shim is a shell script, which would be measured, too. Raises Missing."""
    places = [os.path.join(folder, "python3") for folder in os.environ.get("PATH", "").split(os.pathsep)]
    for place in [chosen] if chosen else places:
        path = ask(place, "import os, sys; print(os.path.realpath(sys.executable))")
        if path and os.access(path, os.X_OK):
            return path
    raise Missing(f"{chosen or 'python3'} is no Python interpreter that runs")


def environment():
    """That of every Python run: nothing in it that makes two runs differ."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"PYTHONHASHSEED": "0"}


def version(python):
    return "CPython " + (ask(python, "import platform; print(platform.python_version())") or "?")


def last_line(text):
    return (text.strip().splitlines() or ["it said nothing"])[-1]


class Nest:
    """Virtual environments with memray, made when first asked for, each once. The same python runs the case under every tool."""

    def __init__(self, work):
        self.work, self.made = work, {}

    def make(self, interpreter, packages_of_system):
        folder = os.path.join(self.work, f"venv-{len(self.made)}")
        python = os.path.join(folder, "bin", "python3")
        system = ["--system-site-packages"] if packages_of_system else []
        for command in ([interpreter, "-m", "venv", *system, folder],
                        [python, "-m", "pip", "install", "--quiet", "--only-binary=:all:", f"memray=={MEMRAY}"]):
            done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                                  env=environment())
            if done.returncode:
                return None, f"`python3 {' '.join(command[1:3])}` failed: {last_line(done.stderr or done.stdout)}"
        return python, None

    def python(self, interpreter, packages_of_system=False):
        """Returns a python that has memray, or None, and the reason for None."""
        key = (interpreter, packages_of_system)
        if key not in self.made:
            self.made[key] = self.make(*key)
        return self.made[key]


class Programs:
    """Cases as commands."""

    def __init__(self, folder, interpreter, quick):
        self.folder, self.interpreter, self.quick = folder, interpreter, quick

    def script(self, case):
        beside = os.path.join(HERE, "python", case.file)
        path = beside if case.own else os.path.join(self.folder, case.file)
        if not os.path.exists(path):
            raise Missing(f"the folder of workloads has no {case.file}")
        return path

    def count(self, case):
        return max(1, case.count // 100) if self.quick else case.count

    def arguments(self, case, count=None):
        return [self.script(case), str(count or self.count(case))]

    def interpreter_of(self, case):
        """pandas comes from the distribution, and so does the interpreter that has it."""
        if case.name != "pypandas":
            return self.interpreter
        python = os.path.realpath(DEBIAN if os.path.exists(DEBIAN) else need("python3"))
        if ask(python, "import pandas") is None:
            raise Missing(f"{python} has no pandas (the package python3-pandas)")
        return python
