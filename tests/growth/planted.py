#!/usr/bin/env python3
"""Is growth found that was planted, and is its line named? Programs of tests/growth/prog and redis-server; docs/leak-accuracy.md has the figures.

    tests/growth/planted.py --heapline H --programs P    ten repeats of each: some minutes
    tests/growth/planted.py --heapline H --programs P --only c++ --repeats 1

A repeat is a run of 50 iterations with a seed of its own; the first 12, 16, 20 … iterations of it are judged by themselves (redis-server, which takes its
marks by signal, runs anew for each number). What must be found must be found in 50, in every repeat, and the finding's own frame must be the line that the
plant's comment marks; in redis-server, the function that the plant names. And nothing else may grow over all 50.
"""
import collections
import os
import random
import re
import sys

import bench as growth
from harness import Failure, Skip, adopt_orphans, expect
from plants import PLANTS

COUNTS = (12, 16, 20, 25, 30, 35, 40, 45, 50)
REDIS_COUNTS = (12, 20, 30, 40, 50)
SOURCE_OF = {"c": "plants.c", "c++": "plants_cxx.cpp", "python": "plants.py"}
# Not required: too little is seen of them in 50 iterations, with the reason.
RATE_ONLY = {
    ("c", "at_random"): "64 bytes in one of four iterations at random are a walk",
    ("c", "realloc_by_half"): "steps that become rarer as those of a table that fills",
    ("c++", "vector_of_items"): "steps that become rarer as those of a table that fills",
    ("python", "deque_of_nothing"): "three steps",
}


# Of those that take long, what --quick runs.
QUICK = {"python": ("list_of_strings", "dict_without_bound", "c_extension"), "redis": ("one element of a list",)}


def plants_of(source):
    """The plants of a source, each with its line."""
    with open(os.path.join(growth.SOURCES, source), encoding="utf-8") as file:
        return {match.group(1): number for number, line in enumerate(file, 1) for match in [re.search(r"(?:#|//|/\*) plant: (\w+)(?: \*/)?$", line)] if match}


class InPrograms:
    """A plant in a program of our own: one recording answers for every number of iterations."""
    counts = COUNTS

    def __init__(self, kind, name, line):
        self.kind, self.name, self.place = kind, name, f"{SOURCE_OF[kind]}:{line}"
        self.must = (kind, name) not in RATE_ONLY

    def findings(self, bench, seed, counts):
        program = [bench.python, os.path.join(growth.SOURCES, "plants.py")] if self.kind == "python" else \
            [bench.program("plants" if self.kind == "c" else "plants_cxx")]
        trace = bench.record([*program, self.name, str(seed), str(counts[-1])], seed)
        return {n: bench.growth(trace, f"first {n}") for n in counts}

    def is_right(self, finding):
        frame = finding["stack"][finding["owner"]]
        return f"{os.path.basename(frame['file'] or '')}:{frame['line']}" == self.place


REDIS_PLANTS = {
    "one key": ("setCommand", lambda i: ("SET", f"session:{1000 + i}", "y")),
    "one field of a hash": ("hsetCommand", lambda i: ("HSET", "sessions", f"field:{1000 + i}", "y" * 70)),
    "one element of a list": ("pushGenericCommand", lambda i: ("RPUSH", "events", "y" * 16)),
    "one member of a set": ("saddCommand", lambda i: ("SADD", "members", f"member:{1000 + i}")),
}


def settled(commands):
    return [*commands, ("DEL", *sorted({words[1] for words in commands}))]


class InRedis:
    kind, must, counts = "redis", True, REDIS_COUNTS

    def __init__(self, name):
        self.name = name
        self.place, self.command = REDIS_PLANTS[name]

    def findings(self, bench, seed, counts):
        """Behind each batch its keys are deleted: what one line holds of random keys varies by kilobytes from iteration to iteration."""
        found = {}
        for n in counts:
            steady = growth.steady_batch(random.Random(seed))
            found[n] = bench.growth(growth.drive_redis(bench, n, lambda i, steady=steady: [*settled(steady(i)), self.command(i)]))
        return found

    def is_right(self, finding):
        """Values are allocated where the command is read, keys and entries where it is done."""
        return any(frame["function"] in (self.place, "processMultibulkBuffer") for frame in finding["stack"])


def all_plants():
    for kind, source in SOURCE_OF.items():
        lines = plants_of(source)
        expect(kind != "python" or set(lines) == set(PLANTS), "a plant of plants.py has no comment")
        for name, line in lines.items():
            yield InPrograms(kind, name, line)
    for name in REDIS_PLANTS:
        yield InRedis(name)


def needed(findings, plant):
    """The least number of iterations from which on it is found whatever their number, or None."""
    least = None
    for n in sorted(findings, reverse=True):
        if not any(plant.is_right(f) for f in findings[n]):
            break
        least = n
    return least


def judge(bench, plant, seed, options):
    """Returns (iterations needed or None, the rightful finding of all iterations or None, sentences about what else grows)."""
    counts = plant.counts[-1:] if options.quick else plant.counts
    with bench.scenario(options.keep):
        findings = plant.findings(bench, seed, counts)
    whole = findings[counts[-1]]
    others = [growth.describe(f) for f in whole if not plant.is_right(f)]
    return needed(findings, plant), next((f for f in whole if plant.is_right(f)), None), others


def show(plant, results):
    found = sorted(n for n, _, _ in results if n)
    slopes = sorted(f["value"] for _, f, _ in results if f)
    others = sum(bool(o) for _, _, o in results)
    after = f"{found[len(found) // 2]}, {found[-1]}" if found else "–"
    slope = f"{slopes[len(slopes) // 2]:.0f}" if slopes else "–"
    print(f"| {plant.kind} | {plant.name} | {len(found)} of {len(results)} | {after} | {slope} | `{plant.place}` | {others} |", flush=True)


def check(bench, plant, seeds, options):
    """All repeats of a plant; returns how many of them fail."""
    results, failed = [], 0
    for seed in seeds:
        result = judge(bench, plant, seed, options)
        results.append(result)
        for sentence in result[2]:
            growth.say(f"OTHER {plant.kind} {plant.name}, seed {seed}: {sentence}")
        if plant.must and not result[0]:
            growth.say(f"MISS {plant.kind} {plant.name}, seed {seed}: {plant.place} is not found in {plant.counts[-1]} iterations")
        failed += bool(result[2] or (plant.must and not result[0]))
    show(plant, results)
    return failed


def main():
    options = growth.parse_arguments("Growth that was planted.")
    bench = growth.GrowthBench(options.heapline, options.programs, options.python)
    adopt_orphans()
    repeats = options.repeats or (1 if options.quick else 10)
    outcomes = collections.Counter()
    print("| in | plant | found | iterations needed: median, most | bytes an iteration | named | repeats with others |\n|---|---|---|---|---|---|---|")
    for plant in all_plants():
        if not growth.is_wanted(options, f"{plant.kind} {plant.name}"):
            continue
        if options.quick and plant.name not in QUICK.get(plant.kind, (plant.name,)):
            continue
        try:
            outcomes["failed"] += check(bench, plant, range(options.first_seed, options.first_seed + repeats), options)
            outcomes["done"] += 1
        except Skip as skip:
            growth.say(f"skip {plant.kind} {plant.name}: {skip}")
        except Failure as failure:
            growth.say(f"FAIL {plant.kind} {plant.name}: {failure}")
            outcomes["failed"] += 1
    return 1 if outcomes["failed"] else 0 if outcomes["done"] else 77


if __name__ == "__main__":
    sys.exit(main())
