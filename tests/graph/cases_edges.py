"""The names of edges, one class for each way to refer to an object: prog/edges.py."""
import json
import re

from bench import register
from harness import expect

SCENARIOS, scenario = register("edges")

# class: what the way from a root to its only object reads at its end. "inner", "outer" are functions whose frames run.
CHAINS = {
    "Attribute": r"holder\.attribute$",
    "Slot": r"slotted\.slot$",
    "Index": r"a_list\[3\]$",
    "Element": r"a_tuple\[1\]$",
    "Key": r"keys\b.*key$",
    "Value": r"values\['the key'\]$",
    "Member": r"members\b.*item$",
    "Global": r"\ba_global\b",
    "Static": r"Described\b.*\.static$",
    "Closed": r"closure\b.*cell",
    "Waiting": r"generator\b.*local\b",
    "Awaited": r"coroutine\b.*local\b",
    "Bound": r"bound\.__self__$",
    "Default": r"with_default\.__defaults__\[0\]$",
    "Weak": r"\bweakly\b",
    "Proxied": r"\bproxied\b",
    "Raised": r"error\.args\[0\]$",
    "Wide": r"wide\.a50$",
    "Local": r"local\b.*inner|inner.*local\b",
    "Running": r"parameter\b.*inner|inner.*parameter\b",
}


def trace_of(bench):
    """Recorded once for all scenarios of a run."""
    trace = bench.record("edges.py")
    return trace


@scenario("edges-names")
def names(bench):
    trace = trace_of(bench)
    wrong = []
    for name, pattern in CHAINS.items():
        outcome = bench.run([bench.heapline, "graph", "chain", "--json", trace, "type:" + name, "--snapshot", "edges"])
        if outcome.status:
            wrong.append(f"{name}: {outcome.stderr.decode().strip()}")
            continue
        path = json.loads(outcome.stdout)["expression"]
        if not re.search(pattern, path):
            wrong.append(f"{name}: the way to it is {path!r}, expected {pattern!r}")
    expect(not wrong, "\n" + "\n".join(wrong))


@scenario("edges-weak")
def weak(bench):
    """Weak references are shown, and hold nothing."""
    trace = trace_of(bench)
    backrefs = bench.graph("backrefs", trace, "type:Weak", "--snapshot", "edges", "--depth", "1")
    expect(re.search(r"weak", backrefs), f"no weak reference among those to Weak:\n{backrefs}")
    chain = bench.graph_json("chain", trace, "type:Weak", "--snapshot", "edges")["expression"]
    expect("reference" not in chain, f"a weak reference holds nothing: {chain}")


@scenario("edges-cycle")
def cycle(bench):
    """A cycle that only the collector would free, which is off."""
    trace = trace_of(bench)
    leaking = bench.graph("leaking", trace, "--snapshot", "edges")
    expect(re.search(r"Cyclic", leaking), f"the cycle is not told:\n{leaking}")
    expect(re.search(r"\.me\b", leaking), f"the edge that closes it is not told:\n{leaking}")
