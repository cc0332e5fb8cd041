"""Runs scenarios one after the other, says of each how it went, and at the end how many held: what the programs' tests, the Python tests and
those of leaks share. A scenario is its name, its group and a function, which is handed the bench and raises harness.Failure or harness.Skip."""
import sys
import time
import traceback

from harness import Failure, Skip, adopt_orphans


def run_one(scenario, bench, keep):
    """Returns "ok", "skip" or "fail", and prints one line or more."""
    name, _, function = scenario
    started = time.monotonic()
    try:
        with bench.scenario(keep):
            function(bench)
    except Skip as reason:
        print(f"skip {name}: {reason}", flush=True)
        return "skip"
    except Failure as failure:
        print(f"FAIL {name}: {failure}", flush=True)
        return "fail"
    except Exception:   # a bug of the scenario is a failure with its trace, and the others still run
        print(f"FAIL {name}: {traceback.format_exc()}", flush=True)
        return "fail"
    print(f"ok   {name} ({time.monotonic() - started:.2f} s)", flush=True)
    return "ok"


def chosen(scenario, filters):
    name, group, _ = scenario
    return not filters or any(group == f or name == f or name.startswith(f + "-") for f in filters)


def run_all(found, bench, keep):
    """Returns the exit status: 1 when one fails, 77 when all are skipped."""
    adopt_orphans()
    results = [run_one(s, bench, keep) for s in found]
    failed, skipped = results.count("fail"), results.count("skip")
    print(f"{len(results)} scenarios: {results.count('ok')} hold, {failed} fail, {skipped} skipped")
    return 1 if failed else 77 if skipped == len(results) else 0


def add_options(parser):
    parser.add_argument("--filter", action="append", default=[], help="a group, a scenario, or its beginning; may be given again")
    parser.add_argument("--list", action="store_true", help="print names and groups")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folders")


def run_chosen(found, arguments, make_bench):
    """Runs, or lists, those scenarios that the options name; the bench is made when one is to run. Returns the exit status."""
    found = [s for s in found if chosen(s, arguments.filter)]
    if arguments.list:
        for name, group, _ in found:
            print(f"{group}\t{name}")
        return 0
    if not found:
        print(f"no scenario is called {arguments.filter}; --list shows them", file=sys.stderr)
        return 2
    return run_all(found, make_bench(), arguments.keep)
