#!/usr/bin/env python3
"""Are there growth alarms where nothing grows? Steady loops in redis-server and CPython; docs/leak-accuracy.md has the figures.

    tests/growth/steady.py --heapline H                  100 repeats of each: some minutes
    tests/growth/steady.py --heapline H --only redis --repeats 10
    tests/growth/steady.py --heapline H --python /usr/bin/python3
    tests/growth/steady.py --heapline H --only rising    loops that only seem steady: known alarms

A repeat is a process with a seed of its own: redis-server for 50 iterations of 400 commands; CPython, which runs each loop of prog/loops.py for 50
iterations with marks of the loop's own label; or CPython with all of them in each iteration and a collection at its end. Each label is judged by
`heapline gate --max-growth 0 --iterations LABEL`.
"""
import collections
import os
import random
import sys

import bench as growth
from harness import Failure, Skip, adopt_orphans
from loops import LOOPS, RISING

ITERATIONS = 50


def redis(bench, seed, iterations):
    trace = growth.drive_redis(bench, iterations, growth.steady_batch(random.Random(seed)))
    return {"redis-server": bench.growth(trace)}


def cpython(bench, seed, iterations, loops=tuple(LOOPS)):
    trace = bench.record([bench.python, os.path.join(growth.SOURCES, "loops.py"), str(seed), str(iterations), *loops], seed)
    return {f"CPython, {name}": bench.growth(trace, name) for name in loops}


def collected(bench, seed, iterations):
    return cpython(bench, seed, iterations, ["collected"])


def rising(bench, seed, iterations):
    return cpython(bench, seed, iterations, ["all", *RISING])


def repeat(bench, judge, seeds, options, totals):
    """Judges with each seed; `totals` counts (judged, alarms) by name. Returns what went wrong."""
    failed = 0
    for seed in seeds:
        with bench.scenario(options.keep):
            try:
                verdicts = judge(bench, seed, ITERATIONS)
            except Failure as failure:
                growth.say(f"FAIL {judge.__name__}, seed {seed}: {failure}")
                failed += 1
                continue
        for name, found in verdicts.items():
            totals[name][0] += 1
            totals[name][1] += bool(found)
            for finding in found:
                growth.say(f"ALARM {name}, seed {seed}: {growth.describe(finding)}")
            failed += bool(found)
    return failed


def main():
    options = growth.parse_arguments("Growth alarms in steady loops.")
    bench = growth.GrowthBench(options.heapline, options.programs, options.python)
    adopt_orphans()
    repeats = options.repeats or (1 if options.quick else 100)
    seeds = range(options.first_seed, options.first_seed + repeats)
    totals, failed = collections.defaultdict(lambda: [0, 0]), 0
    for judge in (redis, collected) if options.quick else (redis, collected, cpython, rising):
        if judge is rising and not options.only or not growth.is_wanted(options, judge.__name__):
            continue
        try:
            failed += repeat(bench, judge, seeds, options, totals)
        except Skip as skip:
            growth.say(f"skip {judge.__name__}: {skip}")
    print("| loop | judged | alarms |\n|---|---|---|")
    for name, (judged, alarms) in totals.items():
        print(f"| {name} | {judged} | {alarms} |")
    print(f"| together | {sum(j for j, _ in totals.values())} | {sum(a for _, a in totals.values())} |")
    return 1 if failed else 0 if totals else 77


if __name__ == "__main__":
    sys.exit(main())
