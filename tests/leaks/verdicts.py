"""Each program of tests/leaks/prog under heapline, and what its comments say about it."""
import functools
import os
import pwd
import re
import signal
import subprocess

from expectations import all_programs, differences, place_of, sum_groups
from harness import Failure, Skip, expect, expect_equal, function_name, has_subsequence
from programs import numbers_in

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prog")
EXIT_CODES = {"clean": 0, "leaks": 1, "incomplete": 3}


def scenarios():
    return [(p.name, "verdicts", functools.partial(judge_limited if p.one("limit") else judge, p)) for p in all_programs(FOLDER)]


def judge_limited(program, bench):
    """What is known not to hold must not hold, or the comment has to go."""
    try:
        judge(program, bench)
    except Failure as failure:
        raise Skip(f"known limit: {program.one('limit')} ({failure})") from None
    raise Failure(f"it holds now: the limit \"{program.one('limit')}\" is none any more")


def status_of(program):
    name = program.one("signal")
    return 128 + getattr(signal, name) if name else int(program.one("exit", "0"))


def become(user):
    entry = pwd.getpwnam(user)

    def change():
        os.setgroups([])
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    return change


def prepare_user(program, bench):
    user = program.one("as")
    if not user:
        return None
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    before = become(user)
    program_file = bench.program(program.binary)
    if subprocess.run(["test", "-x", program_file], preexec_fn=before, check=False).returncode:
        raise Skip(f"{user} cannot read {program_file}: a folder above it is closed to others")
    os.chmod(bench.scratch, 0o777)
    return before


def judge(program, bench):
    before = prepare_user(program, bench)
    options = [w for w in program.one("run", "").split() if w]
    outcome, trace = bench.profile(program.command(bench), options=["-q", *options], before=before)
    expect_equal("exit status", outcome.status, status_of(program))
    check(program, bench, trace, numbers_in(outcome.stdout))


def groups_of(leaks):
    return [(g["kind"], g["bytes"], g["blocks"], g["stack"]) for g in leaks["groups"]]


def check(program, bench, trace, numbers):
    expectations = program.expectations(numbers)
    leaks = bench.leaks(trace, *program.one("leaks", "").split())
    wanted = {place: e.sums for place, e in expectations.items()}
    problems = differences(wanted, sum_groups(groups_of(leaks), program.files))
    expect(not problems, "; ".join(problems[:12]))
    has_lost = any(e.sums and "lost" in e.sums for e in expectations.values())
    expect_equal("verdict", leaks["verdict"], program.one("verdict") or ("leaks" if has_lost else "clean"))
    check_reasons(leaks, program.one("reason"))
    check_unseen(leaks, program.one("unseen"))
    check_holders(program, expectations, leaks)
    check_stacks(program, leaks)


def check_reasons(leaks, wanted):
    expect_equal("incomplete for a reason", bool(leaks["reasons"]), leaks["verdict"] == "incomplete" or bool(wanted))
    if wanted:
        expect(any(wanted in reason for reason in leaks["reasons"]), f"reasons: expected '{wanted}' in one of {leaks['reasons']}")


def check_unseen(leaks, wanted):
    expect_equal("what was not seen", [wanted in sentence if wanted else sentence for sentence in leaks["unseen"]],
                 [True] if wanted else [])


def check_holders(program, expectations, leaks):
    """by=KIND or by=KIND:NAME: where the path begins that is told of each reachable group of that line."""
    for group in leaks["groups"]:
        place = place_of(group["stack"], program.files)
        if place not in expectations or group["kind"] != "reachable":
            continue
        held_by = expectations[place].held_by
        if held_by is None:
            continue
        root = group["path"][0] if group["path"] else {}
        kind, _, name = held_by.partition(":")
        came = (root.get("kind"), re.split(r"[+.]", root.get("name") or "")[0] if name else "")
        expect_equal(f"{place[0]}:{place[1]}: held by", came, (kind, name))


def check_stacks(program, leaks):
    stacks = [[function_name(f["function"] or "?") for f in reversed(g["stack"])] for g in leaks["groups"]]
    for text in program.directives.get("stack", []):
        found = any(has_subsequence(names, text.split(";")) for names in stacks)
        expect(found, f"stack: expected one with {text}, came {stacks}")
