"""What both judgements of growth need: a recording, the gate's verdict on it, and redis-server with a client that knows when each iteration has ended."""
import argparse
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SOURCES = os.path.join(HERE, "prog")
PACKAGE = os.path.join(ROOT, "viewer", "python")
sys.path[:0] = [os.path.join(ROOT, "tests", "prog"), SOURCES, PACKAGE]

from harness import Bench, Failure, Skip, expect, expect_equal, short, TIMEOUT      # noqa: E402,F401


class GrowthBench(Bench):
    def __init__(self, heapline, programs, python):
        super().__init__(os.path.abspath(heapline), programs and os.path.abspath(programs), None, None)
        self.python = python

    def record(self, command, seed):
        """Runs a program that marks its iterations itself; returns the trace."""
        env = self.environment(PYTHONPATH=PACKAGE, PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED=str(seed))
        outcome, trace = self.profile(command, options=["-q"], env=env)
        expect_equal(f"exit code of {' '.join(command)} ({short(outcome.stderr)})", outcome.status, 0)
        return trace

    def growth(self, trace, label="iteration"):
        """What grows, by `heapline gate --max-growth 0`: a list of findings. Its exit code must agree."""
        command = [self.heapline, "gate", "--no-config", "--max-growth", "0", "--iterations", label, "--top", "1000", "--json", "-", trace]
        outcome = self.run(command)
        try:
            result = json.loads(outcome.stdout)
        except ValueError:
            raise Failure(f"heapline gate: no JSON, exit code {outcome.status}: {outcome.stderr[:300]}") from None
        expect(result["unchecked"] == 0, f"{label}: could not check: {short([f['message'] for f in result['findings'] if f['outcome'] != 'pass'])}")
        found = [f for f in result["findings"] if f["rule"] == "growth" and f["outcome"] == "fail"]
        expect_equal(f"exit code of the gate with {len(found)} stacks that grow", outcome.status, 1 if found else 0)
        return found


class Redis:
    """redis-server under heapline, and one connection to it. What it is told is done, and belongs to the iteration, before the signal that ends it."""

    def __init__(self, bench, trace="redis.hpl"):
        if not shutil.which("redis-server"):
            raise Skip("there is no redis-server")
        self.trace = bench.path(trace)
        path = bench.path("redis.sock")
        command = [bench.heapline, "run", "-q", "-o", self.trace, "--iterations-signal", "USR1", "--", "redis-server", "--port", "0", "--unixsocket", path,
                   "--save", "", "--appendonly", "no", "--daemonize", "no"]
        self.process = subprocess.Popen(command, cwd=bench.scratch, env=bench.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        self.log, self.reader, self.socket = b"", None, socket.socket(socket.AF_UNIX)
        try:
            self.wait_until_ready()
            self.socket.settimeout(TIMEOUT)
            self.socket.connect(path)
            self.reader = self.socket.makefile("rb")
            self.pid = int(re.search(rb"process_id:(\d+)", self.do([("INFO", "server")])[0]).group(1))
        except BaseException:
            self.kill()
            raise

    def wait_until_ready(self):
        """Its log says so. What it logs later finds room in the pipe."""
        while b"eady to accept connections" not in self.log:
            readable, _, _ = select.select([self.process.stdout], [], [], TIMEOUT)
            data = os.read(self.process.stdout.fileno(), 4096) if readable else b""
            expect(data, f"redis-server does not begin: {short(self.log[-500:])}")
            self.log += data

    def do(self, commands):
        """Sends them all, and returns the answers to all."""
        parts = []
        for words in commands:
            parts.append(b"*%d\r\n" % len(words))
            for word in words:
                data = str(word).encode()
                parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(parts))
        return [self.answer() for _ in commands]

    def answer(self):
        line = self.reader.readline()
        kind, rest = line[:1], line[1:-2]
        expect(kind in b"+:$*" and line, f"redis-server answers {short(line)}")
        if kind == b"$":
            return None if rest == b"-1" else self.reader.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        return rest

    def end_iteration(self):
        """A thread that waits takes its signal before it reads what comes next: with the answer to PING the mark is there."""
        os.kill(self.pid, signal.SIGUSR1)
        self.do([("PING",)])

    def finish(self):
        self.socket.sendall(b"*2\r\n$8\r\nSHUTDOWN\r\n$6\r\nNOSAVE\r\n")
        try:
            self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            raise Failure(f"redis-server does not end within {TIMEOUT} s") from None
        finally:
            self.kill()
        expect_equal("exit code of redis-server", self.process.returncode, 0)
        return self.trace

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
        if self.reader:
            self.reader.close()
        self.socket.close()


def drive_redis(bench, iterations, batch):
    """batch(i) gives the commands of iteration i; returns the trace."""
    redis = Redis(bench)
    try:
        for i in range(iterations):
            redis.do(batch(i))
            redis.end_iteration()
        return redis.finish()
    finally:
        redis.kill()


def steady_batch(rng):
    """Some hundred commands over a fixed set of keys."""
    keys, hashes, size = rng.randint(40, 120), rng.randint(2, 8), rng.randint(20, 300)

    def value():
        return "x" * rng.randint(1, size)

    def key(kind, number=keys):
        return f"{kind}:{rng.randrange(number)}"

    def batch(_):
        commands = []
        for _ in range(40):
            commands += [("SET", key("s"), value()), ("GET", key("s")), ("DEL", key("s")), ("LPUSH", "list", value()), ("LTRIM", "list", 0, 99),
                         ("HSET", key("h", hashes), f"field{rng.randrange(20)}", value()), ("HDEL", key("h", hashes), f"field{rng.randrange(20)}"),
                         ("SET", key("t"), value()), ("EXPIRE", key("t"), 100), ("SET", key("p"), value(), "PX", rng.randint(1, 20))]
        return commands
    return batch


def parse_arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--heapline", required=True, help="the command to test")
    parser.add_argument("--programs", help="folder of the built tests/growth/prog")
    parser.add_argument("--python", default=sys.executable, help="the CPython that runs the loops (default: this one)")
    parser.add_argument("--repeats", type=int, help="with other seeds each")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--only", action="append", help="this program or what begins so; may be given again")
    parser.add_argument("--quick", action="store_true", help="what the test suite runs")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folders")
    return parser.parse_args()


def is_wanted(arguments, name):
    return not arguments.only or any(name.startswith(o) for o in arguments.only)


def say(sentence):
    print(sentence, file=sys.stderr, flush=True)


def describe(finding):
    return f"{finding['message']}; stack: " + " < ".join(f"{f['function'] or '?'} ({os.path.basename(f['file'] or f['module'] or '?')}:{f['line']})"
                                                          for f in finding["stack"][:8])
