"""The stack of an allocation equals traceback.extract_stack() taken at that place, in every way that Python code can
come to run.

A script of stacks/ calls probe() of the extension stackprobe: it allocates a block of each kind, each of a size of
its own, and writes down what the interpreter says of the stack. The blocks stay, so that each is found in the trace
by its size.
"""
import os

from harness import expect, expect_equal
from traces import python_frames
import bench

SCENARIOS, scenario = bench.register("stacks")
FOLDER = os.path.join(bench.HERE, "stacks")
KINDS = (("malloc", False), ("mem", True), ("object", True), ("raw", True))


def read_probes(path):
    """[(first size, label, [(file, line, name, qualified name)])]"""
    probes = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("probe "):
                _, size, label = line.rstrip("\n").split(" ", 2)
                probes.append((int(size), label, []))
            else:
                file_name, number, name, qualified = line.rstrip("\n").split("\t")
                probes[-1][2].append((file_name, int(number), name, qualified))
    return probes


def expected_frames(frames, qualified_names):
    return [(file, line, qualified if qualified_names else name) for file, line, name, qualified in frames]


def run_probes(bench, script, interpreter_options=(), options=(), env=None):
    """Returns the probes, the trace and its blocks by size."""
    out = bench.path("probes")
    env = bench.environment(PYTHONPATH=bench.interpreter.extension("stackprobe"), STACKPROBE_OUT=out, **(env or {}))
    outcome, trace = bench.profile([bench.python, *interpreter_options, script], env=env, options=options)
    expect_equal("exit status", outcome.status, 0)
    probes = read_probes(out)
    expect(len(probes) > 5, f"the script did not probe: {outcome.stderr!r}")
    dump = bench.dump(trace)
    blocks = {}
    for block in dump.blocks():
        blocks.setdefault(block.bytes, []).append(block)
    return probes, dump, blocks


def compare(bench, probes, blocks):
    qualified = bench.interpreter.at_least(3, 11)
    wrong = []
    for size, label, frames in probes:
        expected = expected_frames(frames, qualified)
        for i, (kind, is_object) in enumerate(KINDS):
            found = blocks.get(size + i, [])
            if len(found) != 1:
                wrong.append(f"{label}, {kind}: {len(found)} blocks of {size + i} bytes are in the trace")
                continue
            stack = found[0].stack
            came = [(f.file, f.line, f.function) for f in python_frames(stack)]
            if came != expected:
                wrong.append(difference(f"{label}, {kind}", came, expected))
            elif (stack[-1].kind == "object") != is_object:
                wrong.append(f"{label}, {kind}: the leaf is {stack[-1].kind}")
            elif not inner_natives(stack, "stackprobe_" + kind):
                wrong.append(f"{label}, {kind}: the extension is not inside the innermost Python frame: {describe(stack)[-8:]}")
    expect(not wrong, f"{len(wrong)} of {len(KINDS) * len(probes)} stacks are wrong: " + "; ".join(wrong[:4]))


def difference(what, came, expected):
    first = next((i for i, (a, b) in enumerate(zip(came, expected)) if a != b), min(len(came), len(expected)))
    return (f"{what}: {len(came)} Python frames, expected {len(expected)}; from frame {first} on came "
            f"{short_frames(came[first:first + 4])}, expected {short_frames(expected[first:first + 4])}")


def short_frames(frames):
    return [f"{os.path.basename(str(file))}:{line}:{str(name)[:60]}" for file, line, name in frames]


def describe(stack):
    return [f"{f.kind}:{f.function or os.path.basename(f.module or '')}" + (f":{f.line}" if f.kind == "python" else "")
            for f in stack]


def inner_natives(stack, function):
    """The native frames inside of the innermost Python frame name the function."""
    inner = []
    for frame in reversed(stack):
        if frame.kind == "python":
            break
        inner.append(frame.function)
    return function in inner


def add_script(name):
    @scenario("stacks-" + name.replace("_", "-"))
    def check(bench):
        probes, _, blocks = run_probes(bench, os.path.join(FOLDER, name + ".py"))
        compare(bench, probes, blocks)


for file in sorted(os.listdir(FOLDER)):
    if file.endswith(".py"):
        add_script(file[:-3])


@scenario("stacks-tracing")
def under_trace_hooks(bench):
    """A user of sys.settrace and sys.setprofile: their frames come and go between the program's."""
    script = bench.write("traced.py", """
import sys, threading
from stackprobe import probe

def trace(frame, event, arg):
    if frame.f_code.co_name == "traced" and event in ("call", "line", "return"):
        probe("trace function")
    return trace

def profile(frame, event, arg):
    if frame.f_code.co_name == "profiled" and event != "c_call" and event != "c_return":
        probe("profile function")

def traced(n):
    probe("traced")
    return n + 1

def profiled(n):
    return [traced(n)]

sys.settrace(trace)
traced(1)
sys.settrace(None)
sys.setprofile(profile)
profiled(2)
sys.setprofile(None)
traced(3)
""")
    probes, _, blocks = run_probes(bench, script)
    compare(bench, probes, blocks)


@scenario("stacks-native-frames")
def native_frames(bench):
    """Native frames stand between the Python frames that they stand between, and the evaluation loop's own are left out."""
    probes, dump, blocks = run_probes(bench, os.path.join(FOLDER, "callbacks.py"))
    by_label = {label: blocks[size + 1][0].stack for size, label, _ in probes}
    between = natives_between(by_label["called from deep C"])
    expect_equal("native frames of call(f, 20) between <module> and the lambda", between[-1].count("call_deep"), 21)
    between = natives_between(by_label["key of sorted"])
    expect(between[-1], "no native frame of sorted() lies between <module> and key")
    if any(name and "list_sort" in name for names in between for name in names):
        expect(any(name and "list_sort" in name for name in between[-1]), f"list_sort is not between <module> and key: {between}")
    between = natives_between(by_label["ctypes callback"])
    expect("qsort" in " ".join(filter(None, between[-1])), f"qsort is not between <module> and compare: {between}")
    for stack, _ in dump.site_stacks():
        if python_frames(stack):
            expect(not has_loop(stack), f"the evaluation loop is still there: {describe(stack)}")


def has_loop(stack):
    """Outside of a Python frame: one that prepares a frame (its cells) runs no Python frame yet, and neither does the
    interpreter show it."""
    names = [f.function or "" if f.kind != "python" else "python" for f in stack]
    outside = names[:len(names) - names[::-1].index("python")]
    return any(name.startswith("_PyEval_EvalFrameDefault") for name in outside)


def natives_between(stack):
    """Names of the native frames between each two Python frames, outermost pair first."""
    between, current, started = [], [], False
    for frame in stack:
        if frame.kind != "python":
            current.append(frame.function)
            continue
        if started:
            between.append(current)
        current, started = [], True
    return between


@scenario("stacks-python-to-python")
def python_to_python(bench):
    """From 3.11 on a Python function calls another without the C stack: nothing native stands between."""
    probes, _, blocks = run_probes(bench, os.path.join(FOLDER, "recursion.py"))
    size = next(size for size, label, _ in probes if label == "bottom")
    between = natives_between(blocks[size + 1][0].stack)
    expect_equal("Python frames of down(50)", len(between), 51)
    if bench.interpreter.at_least(3, 11):
        expect_equal("native frames between them", [names for names in between if names], [])


@scenario("stacks-whole-each-time")
def whole_each_time(bench):
    """What travels as a difference to the stack before is what was sent whole."""
    for script in ("generators.py", "recursion.py", "asynchronous.py"):
        probes, _, blocks = run_probes(bench, os.path.join(FOLDER, script), options=("--check-stacks",))
        compare(bench, probes, blocks)
