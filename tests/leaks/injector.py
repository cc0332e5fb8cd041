#!/usr/bin/env python3
"""How many known leaks are found in programs that nobody prepared? inject.c takes releases away from them; what heapline says
of these very blocks makes a confusion matrix, and valgrind judges the same program with the same releases taken away.
docs/leak-accuracy.md has a table of it.

    tests/leaks/injector.py --heapline H --inject BUILD/tests/leaks/inject.so [--quick]
"""
import argparse
import collections
import glob
import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "prog"), HERE]

import against_valgrind                                     # noqa: E402
from harness import Bench, Failure, adopt_orphans           # noqa: E402

KINDS = ("lost", "indirect", "possible", "reachable", "unknown")
SQL = """create table t(a integer primary key, b, c); create index i on t(b);
insert into t with recursive n(x) as (select 1 union all select x + 1 from n where x < 3000) select x, hex(x * x), x % 17 from n;
select c, count(*), group_concat(substr(b, 1, 4)) from t group by c; delete from t where a % 3 = 0; vacuum;
select sum(length(t.b)) from t join t u using (a);"""
PERL = r"""my %h; for my $i (1 .. 3000) { push @{$h{$i % 97}}, join ",", map { $_ * $i } 1 .. 5 }
my $s = join ";", map { "$_=" . scalar @{$h{$_}} } sort keys %h;
$s =~ s/(\d+)=(\d+)/$2-$1/g; %h = (); undef $s;"""
PYTHON = """import json, re, collections
data = [{"id": i, "name": "n%d" % i, "tags": list(range(i % 7))} for i in range(300)]
text = json.dumps(data); back = json.loads(text); c = collections.Counter(re.findall(r"\\d+", text)); del data, back, text"""
JQ = "[range(400) | {id: ., name: \"n\\(.)\", half: (. / 2)}] | map(select(.id % 3 == 0) | .name) | join(\",\") | length"
PROGRAMS = {
    "sqlite3": (["sqlite3", "-batch", ":memory:", SQL], {}),
    "perl": (["perl", "-e", PERL], {"PERL_DESTRUCT_LEVEL": "2", "PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}),
    "git": (["git", "-C", "{repository}", "--no-pager", "log", "--stat", "-20"], {}),
    "python3": (["/usr/bin/python3", "-I", "-S", "-c", PYTHON], {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}),
    "jq": (["jq", "-n", JQ], {}),
}
OWN = {"jq": 1}      # blocks that a program loses by itself; valgrind says so, too
FOUND_MIN = {"python3": 0.4}     # with its collector's head in front, an object's own references lead into the block's inside
CHOICES = (("drop", 7, 1), ("drop", 2, 3), ("hoard", 7, 1))


class InjectBench(Bench):
    def __init__(self, heapline, inject):
        super().__init__(heapline, None, None, None)
        self.inject = inject

    def command(self, name, what, every, callers):
        """Through a shell, which puts the injector in front of who is preloaded already; and the environment."""
        words, more = PROGRAMS[name]
        words = [w.replace("{repository}", self.path("repository")) for w in words]
        script = f'LD_PRELOAD="{self.inject}${{LD_PRELOAD:+:$LD_PRELOAD}}" exec "$@"'
        env = self.environment(**more, INJECT=what, INJECT_EVERY=str(every), INJECT_CALLERS=str(callers),
                               INJECT_OUT=self.path("taken"))
        return ["sh", "-c", script, "sh", *words], env

    def taken(self):
        """address -> usable bytes, of the one program."""
        found = {}
        for path in glob.glob(self.path("taken.*")):
            with open(path, encoding="ascii") as file:
                found.update((int(address), int(size)) for address, size in (line.split() for line in file))
            os.remove(path)
        return found

    def reaches(self, trace):
        """address -> (kind, bytes) of the last process's last snapshot."""
        names = {"held": "reachable"}
        found = {}
        for line in self.verb("dump", trace).stdout.decode().splitlines():
            match = re.search(r"snapshot_block .*address=0x(\w+) bytes=(\d+) .*reach=(\w+)", line)
            if match:
                found[int(match[1], 16)] = (names.get(match[3], match[3]), int(match[2]))
        return found


def make_repository(bench):
    path = bench.folder("repository")
    git = ["git", "-C", path, "-c", "user.name=n", "-c", "user.email=n@example.org"]
    bench.run(["git", "init", "-q", path])
    for i in range(20):
        with open(os.path.join(path, f"file{i % 5}"), "a", encoding="ascii") as file:
            file.write("".join(f"line {i * k}\n" for k in range(20)))
        bench.run([*git, "add", "."])
        bench.run([*git, "commit", "-q", "-m", f"change {i}"])


def measure(bench, name, what, every, callers):
    """Row of the matrix: of the taken blocks how many are of which kind, how many other blocks are lost, and valgrind's sums."""
    command, env = bench.command(name, what, every, callers)
    outcome, trace = bench.profile(command, options=["-q", "--python=off"], env=env)
    if outcome.status != 0:
        raise Failure(f"{name} ended with {outcome.status}: {outcome.stderr[-300:]}")
    taken, reaches = bench.taken(), bench.reaches(trace)
    matrix = collections.Counter(reaches.get(address, ("unknown", 0))[0] for address in taken)
    others = collections.Counter(kind for address, (kind, _) in reaches.items() if address not in taken)
    return {"taken": len(taken), "matrix": matrix, "others": others}


def measure_valgrind(bench, name, what, every, callers):
    command, env = bench.command(name, what, every, callers)
    for path in glob.glob(bench.path("valgrind.*.xml")):
        os.remove(path)
    groups, _ = against_valgrind.run(bench, command, options=("--soname-synonyms=somalloc=nouserintercepts",), env=env)
    blocks = collections.Counter()
    for kind, _, n, _ in groups:
        blocks[kind] += n
    return {"taken": len(bench.taken()), "blocks": blocks}


def check(name, what, row):
    """What must be true whatever the program does."""
    matrix, others = row["matrix"], row["others"]
    problems = []
    if row["taken"] == 0:
        problems.append("no release was taken")
    if matrix["unknown"]:
        problems.append(f"{matrix['unknown']} of the taken blocks are not in the snapshot")
    if what == "hoard" and matrix["reachable"] != row["taken"]:
        problems.append(f"hoarded blocks are not all reachable: {dict(matrix)}")
    if what == "drop" and matrix["lost"] + matrix["indirect"] < row["taken"] * FOUND_MIN.get(name, 0.95):
        problems.append(f"too few are found: {dict(matrix)}")
    if others["lost"] + others["indirect"] != OWN.get(name, 0):
        problems.append(f"other blocks are lost: {dict(others)}")
    if problems:
        raise Failure(f"{name} {what}: " + "; ".join(problems))


def cells_of(name, choice, row, other):
    what, every, callers = choice
    releases = f"{what} each {every}." + (f" of 1/{callers} of the callers" if callers > 1 else "")
    others = row["others"]["lost"] + row["others"]["indirect"]
    cells = [name, releases, row["taken"], *(row["matrix"][k] for k in KINDS[:4]), others]
    if not other:
        return [*cells, "", "", ""]
    return [*cells, other["taken"], other["blocks"]["lost"] + other["blocks"]["indirect"], other["blocks"]["possible"]]


def line(cells):
    return "| " + " | ".join(str(c) for c in cells) + " |"


def main():
    parser = argparse.ArgumentParser(description="Known leaks in programs that nobody prepared.")
    parser.add_argument("--heapline", required=True)
    parser.add_argument("--inject", required=True, help="the built inject.so")
    parser.add_argument("--program", action="append", choices=PROGRAMS, help="only this one; may be given again")
    parser.add_argument("--quick", action="store_true", help="without valgrind")
    arguments = parser.parse_args()
    bench = InjectBench(os.path.abspath(arguments.heapline), os.path.abspath(arguments.inject))
    adopt_orphans()
    status = 0
    print(line(["program", "releases", "taken", *KINDS[:4], "others lost", "valgrind: taken", "lost + indirect", "possible"]))
    print("|---" * 11 + "|")
    for name in arguments.program or PROGRAMS:
        if not shutil.which(PROGRAMS[name][0][0]):
            print(f"skip {name}: it is not there", file=sys.stderr)
            status = status or 77
            continue
        for choice in CHOICES:
            with bench.scenario(False):
                make_repository(bench) if name == "git" else None
                row = measure(bench, name, *choice)
                other = None if arguments.quick else measure_valgrind(bench, name, *choice)
            print(line(cells_of(name, choice, row, other)), flush=True)
            try:
                check(name, choice[0], row)
            except Failure as failure:
                print(f"FAIL {failure}", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
