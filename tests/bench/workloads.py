"""The programs that are measured: how they are built, called, and cut down for a smoke run."""
import dataclasses
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BESIDE = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shared", "workloads"))


class Missing(Exception):
    """Something that a workload needs is not installed."""


@dataclasses.dataclass
class Workload:
    name: str                     # as --only takes it
    title: str                    # as the tables show it
    must: float                   # wall under heapline / native: the limit
    aim: float                    # and the goal
    command: list = None
    stdin: str = "/dev/null"


# name, title, what heapline's wall time may be in multiples of a native run: limit and goal
TARGETS = [
    ("churn-1", "churn 5000000 1 20", 2.0, 1.6),
    ("churn-2", "churn 2000000 2 20", 2.5, 1.8),
    ("pipeline-1", "pipeline 200000 1", 2.2, 1.8),
    ("pipeline-2", "pipeline 200000 2", 3.0, 2.0),
    ("cc1", "cc1 -O1 of gen_c_source.py", 1.15, 1.08),
    ("sqlite", "sqlite3 orders.sql", 1.20, 1.12),
    ("perl", "perl words.pl 600000", 1.35, 1.2),
    ("pandas", "python3 pypandas.py", 1.10, 1.03),
]
NAMES = [row[0] for row in TARGETS]


def default_folder():
    """Workloads kept beside the checkout, or those of our own."""
    return BESIDE if os.path.isdir(BESIDE) else os.path.join(HERE, "workloads")


def need(program):
    path = shutil.which(program)
    if not path:
        raise Missing(f"{program} is not installed")
    return path


def call(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Kitchen:
    """Prepares workloads in a temporary folder, each thing once."""

    def __init__(self, folder, work, quick):
        self.folder, self.work, self.quick = folder, work, quick
        self.made = {}

    def count(self, n):
        return str(n // 100 if self.quick else n)

    def source(self, name):
        return os.path.join(self.folder, name)

    def built(self, name, compiler, source):
        """A program of the folder, compiled."""
        if name not in self.made:
            self.made[name] = os.path.join(self.work, name)
            call(need(compiler), "-O2", "-g", "-pthread", self.source(source), "-o", self.made[name])
        return self.made[name]

    def churn(self, pairs, threads=1, depth=20):
        return [self.built("churn", "gcc", "churn.c"), str(pairs), str(threads), str(depth)]

    def pipeline(self, threads):
        return [self.built("pipeline", "g++", "pipeline.cpp"), self.count(200000), str(threads)]

    def cc1(self):
        """The compiler proper, which the driver would start with the system's own headers in its path."""
        path = os.path.join(self.work, "big.c")
        if path not in self.made:
            lines = call(sys.executable, self.source("gen_c_source.py")).splitlines()
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(lines[:3 + 3 * 30] if self.quick else lines) + "\n")
            self.made[path] = path
        multiarch = call("gcc", "-print-multiarch")
        return [call("gcc", "-print-prog-name=cc1"), "-quiet", *(["-imultiarch", multiarch] if multiarch else []),
                "-O1", path, "-o", "/dev/null"]

    def sql(self):
        with open(self.source("orders.sql"), encoding="utf-8") as file:
            text = file.read()
        path = os.path.join(self.work, "orders.sql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"\b(\d+)00000\b", r"\g<1>000", text) if self.quick else text)
        return path

    def pandas(self):
        python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else need("python3")
        if subprocess.run([python, "-c", "import pandas"], capture_output=True, check=False).returncode:
            raise Missing("python3-pandas is not installed")
        return [python, self.source("pypandas.py"), self.count(1000000)]

    def workload(self, name):
        """Raises Missing where it cannot run here."""
        workload = Workload(*next(row for row in TARGETS if row[0] == name))
        if name == "churn-1":
            workload.command = self.churn(self.count(5000000))
        elif name == "churn-2":
            workload.command = self.churn(self.count(2000000), 2)
        elif name.startswith("pipeline-"):
            workload.command = self.pipeline(int(name[-1]))
        elif name == "cc1":
            workload.command = self.cc1()
        elif name == "sqlite":
            workload.command, workload.stdin = [need("sqlite3"), ":memory:"], self.sql()
        elif name == "perl":
            workload.command = [need("perl"), self.source("words.pl"), self.count(600000)]
        else:
            workload.command = self.pandas()
        return workload
