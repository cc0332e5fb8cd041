#!/usr/bin/env python3
"""Are there false alarms? Clean runs of distribution programs under heapline and under valgrind; docs/leak-accuracy.md has
a table of it.

    tests/leaks/precision.py --heapline H              all, under both: minutes
    tests/leaks/precision.py --heapline H --quick      a few, under heapline alone: what the test suite runs
    tests/leaks/precision.py --heapline H --only git-log
"""
import argparse
import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "prog"), HERE]

import against_valgrind                                     # noqa: E402
from harness import Failure, adopt_orphans                  # noqa: E402
import leaks                                                # noqa: E402

SQL = "create table t(a, b); insert into t with recursive n(x) as (select 1 union all select x + 1 from n where x < 3000) " \
      "select x, hex(x) from n; " \
      "create index i on t(b); select count(*), sum(length(b)) from t group by a % 10; drop table t;"
PYTHON = "import json, re, collections, threading, asyncio, sqlite3, tempfile, subprocess; " \
         "print(len(json.dumps([{'a': i} for i in range(500)])))"
PERL = "use strict; use Data::Dumper; my %h = map { $_ => [1 .. $_ % 9] } 1 .. 2000; print length Dumper(\\%h); " \
       "my @s = sort { $a <=> $b } keys %h;"
REDIS = """redis-server --port 0 --unixsocket {scratch}/redis.sock --save '' --appendonly no > /dev/null &
pid=$!
until redis-cli -s {scratch}/redis.sock ping > /dev/null 2>&1; do :; done
i=0; while [ $i -lt 3 ]; do
redis-cli -s {scratch}/redis.sock eval 'for i=1,500 do redis.call("set", "k"..i, i) redis.call("lpush", "l", i) end' 0 > /dev/null
i=$((i + 1)); done; redis-cli -s {scratch}/redis.sock flushall > /dev/null
redis-cli -s {scratch}/redis.sock shutdown nosave; wait $pid"""
NGINX = """nginx -p {scratch} -c nginx.conf -g 'daemon off;' 2> /dev/null & pid=$!; until [ -s nginx.pid ]; do :; done
curl -s --unix-socket {scratch}/nginx.sock http://x/text > /dev/null
nginx -p {scratch} -c nginx.conf -s quit 2> /dev/null; wait $pid"""
NGINX_CONF = """worker_processes 1; pid nginx.pid; error_log error.log; events { worker_connections 16; }
http { access_log off; client_body_temp_path tmp; server { listen unix:%s/nginx.sock; root %s; } }
"""

# name: command, or a script for sh; {scratch} is a folder with some files
PROGRAMS = {
    "sqlite3": ["sqlite3", "-batch", ":memory:", SQL],
    "python3 (Debian)": ["/usr/bin/python3", "-I", "-c", PYTHON],
    "python3 (own build)": ["python3", "-I", "-c", PYTHON],
    "perl": ["env", "PERL_DESTRUCT_LEVEL=2", "perl", "-e", PERL],
    "git log": ["git", "--no-pager", "log", "--stat"],
    "git status": ["git", "status"],
    "git commit": "echo more >> file; git add . && git commit -q -m more",
    "git fsck": ["git", "fsck", "--full"],
    "redis-server": REDIS,
    "nginx -t": ["nginx", "-p", "{scratch}", "-t", "-c", "nginx.conf"],
    "nginx": NGINX,
    "gcc -c": ["gcc", "-O1", "-g", "-c", "code.c", "-o", "code.o"],
    "cc1": "exec $(cat cc1) -quiet -O1 code.i -o compiled.s",
    "ld": ["ld", "-r", "object.o", "-o", "both.o"],
    "as": ["as", "code.s", "-o", "assembled.o"],
    "tar": ["tar", "-cf", "out.tar", "text", "code.c"],
    "tar -x": "mkdir x; cd x; tar -xf ../in.tar",
    "gzip": ["gzip", "-kf", "text"],
    "xz": ["xz", "-kf", "text"],
    "bzip2": ["bzip2", "-kf", "text"],
    "zstd": ["zstd", "-qkf", "text"],
    "curl": ["curl", "-s", "-o", "copy", "file://{scratch}/text"],
    "openssl dgst": ["openssl", "dgst", "-sha256", "text"],
    "openssl genpkey": ["openssl", "genpkey", "-algorithm", "ED25519"],
    "bash": ["bash", "-c", "declare -A a; for i in {1..500}; do a[$i]=$((i * i)); done; f() { local x=$1; echo $x; }; f $(f 3)"],
    "dash": ["dash", "-c", "i=0; while [ $i -lt 300 ]; do i=$((i + 1)); done; echo $i"],
    "make": ["make", "-s", "-f", "rules"],
    "awk": ["awk", "{ n[$1]++ } END { for (k in n) c++; print c }", "text"],
    "sed": ["sed", "-n", "s/line \\([0-9]*\\)/\\1/p", "text"],
    "grep": ["grep", "-cE", "line (1|2)[0-9]+$", "text"],
    "sort": ["sort", "-r", "text", "-o", "sorted"],
    "diff": "diff text code.c > difference; true",
    "find": ["find", ".", "-name", "*.c", "-size", "+0"],
    "jq": ["jq", "-c", "map(.a)", "data.json"],
    "ssh-keygen": ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"],
    "xmllint": ["xmllint", "--noout", "data.xml"],
    "bc": "echo 'scale=30; a=1; for (i=1;i<40;i++) a*=i; a; sqrt(2)' | bc",
    "readelf": ["readelf", "-aW", "object.o"],
    "objdump": ["objdump", "-d", "object.o"],
    "ls": ["ls", "-l", "/usr/bin"],
    "gpg": ["gpg", "--version"],
}
# The list that nginx gives to epoll_wait is filled only in part, and where its memory was used before may still have a
# pointer to what a worker leaves behind; valgrind's is fresh.
EXPLAINED = ("nginx",)
QUICK = ("sqlite3", "perl", "git log", "tar", "xz", "curl", "bash", "make", "grep", "sed", "openssl dgst")


PREPARE = """git init -q . && git config user.name n && git config user.email n@example.org
git add text code.c && git commit -q -m one && echo x > file && git add file && git commit -q -m two
gcc -O1 -g -c code.c -o object.o; gcc -S code.c -o code.s; gcc -E code.c -o code.i; gcc -print-prog-name=cc1 > cc1; tar -cf in.tar text code.c"""


def prepare(bench):
    """Files to work on, and a repository."""
    def write(name, text):
        with open(bench.path(name), "w", encoding="ascii") as file:
            file.write(text)
    write("text", "".join(f"line {i}\n" for i in range(5000)))
    code = "int f{}(int a) {{ for (int k = 0; k < a; k++) printf(\"%d\", k * a); return a; }}\n"
    write("code.c", "#include <stdio.h>\n" + "".join(code.format(i) for i in range(60)))
    write("data.json", "[" + ",".join(f'{{"a": {i}, "b": "text {i}"}}' for i in range(500)) + "]")
    write("data.xml", "<list>" + "".join(f'<item n="{i}">text</item>' for i in range(300)) + "</list>")
    write("rules", "all: $(foreach n,1 2 3 4 5,t$(n))\nt%:\n\t@echo $@ > /dev/null\n")
    write("nginx.conf", NGINX_CONF % (bench.scratch, bench.scratch))
    os.chmod(bench.scratch, 0o755)
    bench.run(["sh", "-c", PREPARE])


def command_of(bench, words):
    if isinstance(words, str):
        return ["sh", "-c", words.replace("{scratch}", bench.scratch)]
    return [w.replace("{scratch}", bench.scratch) for w in words]


def is_there(words):
    if isinstance(words, str):
        words = words.replace("cc1", "gcc")
        return shutil.which(next(w.strip("| ") for w in ("redis-server", "nginx", "gcc", "| bc", "git", "tar", "diff") if w in words)) is not None
    return shutil.which(words[2] if words[0] == "env" else words[0]) is not None


ALLOCATOR = re.compile(r"alloc|strn?dup|memalign|operator new|vgpreload|libheapline")


def sites(groups):
    """Lost (blocks, bytes) by the innermost function, or module where it has no name, that is no allocator."""
    found = {}
    for kind, size, blocks, frames in groups:
        if kind == "lost":
            names = [f["function"] or os.path.basename(f["module"] or "?") for f in frames]
            place = next((n for n in names if not ALLOCATOR.search(n)), "?")
            before = found.get(place, (0, 0))
            found[place] = (before[0] + blocks, before[1] + size)
    return found


def measure(bench, name, with_valgrind):
    words = PROGRAMS[name]
    env = bench.environment(PATH=os.environ["PATH"] + ":/usr/sbin")
    outcome, trace = bench.profile(command_of(bench, words), options=["-q"], env=env)
    result = bench.leaks(trace)
    ours = [(g["kind"], g["bytes"], g["blocks"], g["stack"]) for g in result["groups"]]
    row = {"status": outcome.status, "verdict": result["verdict"], "reasons": result["reasons"], "totals": result["totals"],
           "lost": sites(ours), "blocks": sum(t["blocks"] for t in result["totals"].values()),
           "processes": len(result["snapshots"])}
    if with_valgrind:
        shutil.rmtree(bench.scratch)
        os.mkdir(bench.scratch)
        prepare(bench)
        groups, other = against_valgrind.run(bench, command_of(bench, words), env=env)
        row["valgrind"] = sites(groups)
        row["valgrind_status"] = other.status
    return row


def say(lost):
    return ", ".join(f"{n[0]} of {n[1]:,} bytes in all by {f}" for f, n in sorted(lost.items())) or "0"


def show(name, row):
    lost, possible = say(row["lost"]), row["totals"]["possible"]["blocks"]
    other = "" if "valgrind" not in row else "the same" if row["valgrind"] == row["lost"] else say(row["valgrind"])
    print(f"| {name} | {row['processes']} | {row['blocks']:,} | {row['verdict']} | {lost} | {possible} | {other} |", flush=True)
    for reason in row["reasons"]:
        print(f"  {name}: {reason}", file=sys.stderr)


def is_false_alarm(row):
    """What valgrind calls lost as well, by the same places and bytes, the program loses."""
    return row["lost"] != row.get("valgrind", {}) or bool(row["reasons"])


def main():
    parser = argparse.ArgumentParser(description="Clean runs of distribution programs.")
    parser.add_argument("--heapline", required=True)
    parser.add_argument("--quick", action="store_true", help="a few, without valgrind")
    parser.add_argument("--only", action="append", help="this program; may be given again")
    parser.add_argument("--without-valgrind", action="store_true")
    arguments = parser.parse_args()
    bench = leaks.LeakBench(os.path.abspath(arguments.heapline), None, None, None)
    with_valgrind = not arguments.quick and not arguments.without_valgrind
    adopt_orphans()
    failed = done = 0
    print("| run | processes | blocks at the end | verdict | lost | possible | lost by valgrind |\n|---|---|---|---|---|---|---|")
    for name in arguments.only or (QUICK if arguments.quick else PROGRAMS):
        if not is_there(PROGRAMS[name]):
            print(f"skip {name}: it is not there", file=sys.stderr)
            continue
        with bench.scenario(False):
            prepare(bench)
            try:
                row = measure(bench, name, with_valgrind)
            except Failure as failure:
                print(f"FAIL {name}: {failure}", file=sys.stderr)
                failed += 1
                continue
        done += 1
        show(name, row)
        if row["status"] != 0 or (is_false_alarm(row) and name not in EXPLAINED):
            print(f"FAIL {name}: status {row['status']}, {row['verdict']}, lost {dict(row['lost'])}", file=sys.stderr)
            failed += 1
    return 1 if failed else 0 if done else 77


if __name__ == "__main__":
    sys.exit(main())
