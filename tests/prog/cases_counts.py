"""Exact counts on real programs: every process's totals equal the independent count of the same run."""
import os
import shutil
import subprocess

from harness import Skip, expect, expect_equal
from programs import compare_count

SCENARIOS = []
FLAGS = ["-O2", "-g", "-pthread"]


def scenario(name):
    def add(function):
        SCENARIOS.append((name, "counts", function))
        return function
    return add


def workload(bench, name):
    path = os.path.join(bench.workloads, name)
    if not os.path.exists(path):
        raise Skip(f"{path} is not there; --workloads names the folder")
    return path


def tool(name):
    path = shutil.which(name)
    if path is None:
        raise Skip(f"{name} is not installed")
    return path


def build(bench, compiler, name):
    target = bench.path(os.path.splitext(name)[0])
    subprocess.run([tool(compiler), *FLAGS, workload(bench, name), "-o", target], check=True, capture_output=True)
    return target


def counted(bench, how, command, stdin=b"", least=1000):
    """Native run for the output, then heapline with the counting preload behind it."""
    native = bench.run(command, stdin=stdin)
    expect_equal("native status", native.status, 0)
    folder = bench.folder("count")
    profiled, trace = bench.profile(command, stdin=stdin, env=bench.environment(LD_PRELOAD=bench.count, COUNT_DIR=folder))
    expect_equal("status", profiled.status, 0)
    expect_equal("stdout", profiled.stdout, native.stdout)
    report = bench.report(trace)
    compare_count(report["processes"], bench.counted(folder), how)
    expect_equal("losses.events", report["losses"]["events"], 0)
    expect_equal("losses.truncated_stacks", report["losses"]["truncated_stacks"], 0)
    total = sum(p["allocations"] for p in report["processes"])
    expect(total >= least, f"only {total} allocations: the workload did not do its work")


@scenario("count-churn")
def churn(bench):
    counted(bench, "exact", [build(bench, "cc", "churn.c"), "300000", "1", "20"], least=300000)


@scenario("count-churn-threads")
def churn_threads(bench):
    counted(bench, "sums", [build(bench, "cc", "churn.c"), "100000", "4", "20"], least=400000)


@scenario("count-pipeline")
def pipeline(bench):
    # Two threads: main prints while the worker's last records are still under way, so the peak may come out some KB high (README, Limits).
    counted(bench, "no_peak", [build(bench, "c++", "pipeline.cpp"), "5000", "1", "100"], least=10000)


@scenario("count-pipeline-threads")
def pipeline_threads(bench):
    counted(bench, "sums", [build(bench, "c++", "pipeline.cpp"), "5000", "3", "100"], least=30000)


@scenario("count-sqlite3")
def sqlite3(bench):
    with open(workload(bench, "orders.sql"), "rb") as file:
        script = file.read().replace(b"400000", b"40000")
    counted(bench, "exact", [tool("sqlite3"), ":memory:"], stdin=script)


@scenario("count-perl")
def perl(bench):
    counted(bench, "exact", [tool("perl"), workload(bench, "words.pl"), "60000"], least=10000)


@scenario("count-cc1")
def cc1(bench):
    with open(workload(bench, "gen_c_source.py"), encoding="utf-8") as file:
        script = file.read().replace("3000", "150")
    text = subprocess.run([tool("python3"), "-c", script], check=True, capture_output=True).stdout
    source = bench.path("generated.i")
    subprocess.run([tool("gcc"), "-E", "-x", "c", "-", "-o", source], input=text, check=True, capture_output=True)
    command = subprocess.run([tool("gcc"), "-print-prog-name=cc1"], check=True, capture_output=True, text=True).stdout.strip()
    counted(bench, "exact", [command, "-fpreprocessed", "-quiet", "-O1", source, "-o", bench.path("generated.s")], least=10000)


@scenario("count-gcc")
def gcc(bench):
    """The driver and all that it starts: vfork, exec, pipes, temporary files."""
    source = bench.path("small.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write("#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n")
    counted(bench, "exact", [tool("gcc"), "-pipe", "-O1", source, "-o", bench.path("small")])
