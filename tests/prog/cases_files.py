"""Trace files that are damaged, foreign or cannot be written: a clear message, exit code 2, no crash, no harmed program."""
import os
import random
import shutil
import struct
import subprocess
import zlib

from harness import Failure, Skip, expect, expect_equal, short

SCENARIOS = []
VERBS = (["report", "--json"], ["lines", "--json"], ["tree", "--json"], ["dump"], ["export", "--to", "folded", "-o", "/dev/null"])


def scenario(name):
    def add(function):
        SCENARIOS.append((name, "files", function))
        return function
    return add


def good_trace(bench):
    """A trace with several processes, threads, modules and epochs; returns its bytes."""
    script = f"{bench.program('threads_500')} at_once; {bench.program('children_many')} 3; {bench.program('plain')}"
    outcome, trace = bench.profile(["/bin/sh", "-c", script], trace="good.hpl")
    expect_equal("status", outcome.status, 0)
    with open(trace, "rb") as file:
        return file.read()


def read_damaged(bench, data, what, verbs=VERBS, allowed=(0, 2)):
    """Every verb ends by itself, with 0 or with 2 and a sentence. Returns the exit codes."""
    path = bench.path("damaged.hpl")
    with open(path, "wb") as file:
        file.write(data)
    codes = []
    for verb in verbs:
        outcome = bench.run([bench.heapline, *verb, path])
        expect(outcome.status in allowed, f"{what}: heapline {verb[0]} ended with {outcome.status}, {short(outcome.stderr)}")
        if outcome.status == 2:
            expect(b"damaged.hpl" in outcome.stderr and outcome.stderr.count(b"\n") == 1,
                   f"{what}: heapline {verb[0]} should say one sentence about the file, came {short(outcome.stderr)}")
        codes.append(outcome.status)
    return codes


@scenario("file-cut")
def cut(bench):
    """Cut anywhere. From some point on the beginning is of use, and a later cut never gives less than an earlier one."""
    data = good_trace(bench)
    size = len(data)
    positions = sorted({*range(min(size, 64)), *(size * i // 150 for i in range(150)), *range(max(size - 40, 0), size)})
    known = 0
    for position in positions:
        codes = read_damaged(bench, data[:position], f"cut at {position} of {len(data)}", VERBS[:2] + VERBS[3:4])
        if codes[0] == 0:
            processes = len(bench.report(bench.path("damaged.hpl"))["processes"])
            expect(processes >= known, f"cut at {position}: {processes} processes, an earlier cut gave {known}")
            known = processes
    expect(known > 0, "no cut left anything to read")


@scenario("file-flipped")
def flipped(bench):
    data, chance = good_trace(bench), random.Random(20240601)
    for _ in range(250):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 1, 1, 8))):
            at = chance.randrange(len(data))
            damaged[at] ^= 1 << chance.randrange(8)
        verb = VERBS[chance.randrange(len(VERBS))]
        read_damaged(bench, bytes(damaged), f"flipped, last at {at}", [verb])


@scenario("file-scrambled")
def scrambled(bench):
    """Whole stretches lost, doubled or swapped, as file systems do after a crash."""
    data, chance = good_trace(bench), random.Random(7)
    for _ in range(60):
        a, b = sorted(chance.randrange(len(data)) for _ in range(2))
        for damaged in (data[:a] + data[b:], data[:b] + data[a:], data[:a] + bytes(b - a) + data[b:]):
            read_damaged(bench, damaged, f"stretch {a}..{b}", [VERBS[chance.randrange(len(VERBS))]])


@scenario("file-empty")
def empty(bench):
    expect_equal("exit codes", read_damaged(bench, b"", "empty"), [2] * len(VERBS))


@scenario("file-foreign")
def foreign(bench):
    with open(bench.program("plain"), "rb") as file:
        program = file.read()
    for what, data in (("a program", program), ("text", b"hello\n" * 100), ("zeros", bytes(100000)), ("one byte", b"\n")):
        expect_equal(f"exit codes for {what}", read_damaged(bench, data, what), [2] * len(VERBS))


@scenario("file-newer")
def newer(bench):
    """The major version stands behind the magic, the header's checksum in its last four bytes (docs/format.md)."""
    data = bytearray(good_trace(bench))
    data[8] = 0x63
    data[20:24] = struct.pack("<I", zlib.crc32(data[:20]))
    expect_equal("exit codes", read_damaged(bench, bytes(data), "newer version"), [2] * len(VERBS))
    text = bench.verb("report", bench.path("damaged.hpl"), status=2).stderr.decode().lower()
    expect("version" in text or "newer" in text, f"the sentence does not speak of the version: {text!r}")


@scenario("file-unreadable")
def unreadable(bench):
    for path, word in ((bench.path("missing.hpl"), "no such"), (bench.folder("folder.hpl"), "directory")):
        for verb in VERBS:
            outcome = bench.run([bench.heapline, *verb, path])
            expect_equal(f"heapline {verb[0]} {path}: exit code", outcome.status, 2)
            expect(word in outcome.stderr.decode().lower() and os.path.basename(path).encode() in outcome.stderr,
                   f"heapline {verb[0]}: the sentence should name the file and '{word}': {outcome.stderr!r}")


@scenario("file-forbidden")
def forbidden(bench):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("needs root and setpriv to read as somebody else")
    bench.profile([bench.program("plain")])
    os.chmod(bench.scratch, 0o755)
    os.chmod(bench.path("trace.hpl"), 0o600)
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", bench.heapline]
    if bench.run([*command, "help"]).status != 0:
        raise Skip("somebody else cannot run heapline here")
    outcome = bench.run([*command, "report", bench.path("trace.hpl")])
    expect_equal("exit code", outcome.status, 2)
    expect(b"ermission denied" in outcome.stderr and b"trace.hpl" in outcome.stderr, f"unclear: {outcome.stderr!r}")


def run_into(bench, path, program="allocate", *arguments):
    """heapline run into a place that takes no trace: the program's own output must be whole if it ran at all."""
    outcome = bench.run([bench.heapline, "run", "-o", path, "--", bench.program(program), *arguments])
    expect_equal(f"-o {path}: exit code", outcome.status, 2)
    expect(os.path.basename(path).encode() in outcome.stderr, f"-o {path}: the sentence does not name it: {outcome.stderr!r}")
    return outcome


@scenario("file-disk-full-at-once")
def disk_full_at_once(bench):
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    outcome = run_into(bench, "/dev/full", "allocate", "3000")
    expect(b"o space left" in outcome.stderr, f"the sentence does not say that the disk is full: {outcome.stderr!r}")


class Mounted:
    """A tiny file system of its own, or a skip."""

    def __init__(self, bench, options):
        self.path = bench.folder("mounted")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", self.path], capture_output=True)
        if done.returncode != 0:
            raise Skip(f"cannot mount a small file system here: {done.stderr.decode().strip()}")

    def __enter__(self):
        return self.path

    def __exit__(self, *unused):
        subprocess.run(["umount", "-l", self.path], check=True)


@scenario("file-disk-full-later")
def disk_full_later(bench):
    """The disk fills up while the program runs: the program runs to its end with all of its output."""
    with Mounted(bench, "size=4k") as folder:
        with open(os.path.join(folder, "filler"), "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass
        outcome = run_into(bench, os.path.join(folder, "full.hpl"), "threads_500", "sequential")
        if outcome.stdout:
            expect_equal("stdout of the program", outcome.stdout, b"threads=500\n")


@scenario("file-read-only")
def read_only(bench):
    with Mounted(bench, "ro,size=64k") as folder:
        outcome = run_into(bench, os.path.join(folder, "t.hpl"))
        expect(b"ead-only" in outcome.stderr, f"the sentence does not say why: {outcome.stderr!r}")
        expect_equal("the program did not start, so stdout", outcome.stdout, b"")


@scenario("file-unwritable")
def unwritable(bench):
    places = ((bench.path("no", "such", "folder.hpl"), b"o such"), ("/proc/version/t.hpl", b"ot a directory"),
              (bench.folder("dir.hpl"), b"irectory"))
    for path, word in places:
        outcome = run_into(bench, path)
        expect(word in outcome.stderr, f"-o {path}: the sentence does not say why: {outcome.stderr!r}")
        expect_equal("the program did not start, so stdout", outcome.stdout, b"")


@scenario("file-replaced")
def replaced(bench):
    """An older trace of the same name is replaced as a whole; a file that is no trace is not a victim of a typing error."""
    first, trace = bench.profile([bench.program("allocate"), "2000"])
    second, _ = bench.profile([bench.program("allocate"), "2"])
    if first.status or second.status:
        raise Failure(f"statuses {first.status} {second.status}")
    expect(bench.report(trace)["processes"][0]["allocations"] < 1000, "the second run's trace still holds the first one's blocks")
