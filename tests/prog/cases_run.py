"""`heapline run` itself: statuses, streams, signals, terminals, limits, all as a shell would see them natively."""
import os
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import time

from harness import TIMEOUT, Failure, Skip, check_summary, check_transparent, expect, expect_equal

SCENARIOS = []


def scenario(name, group="run"):
    def add(function):
        SCENARIOS.append((name, group, function))
        return function
    return add


def compare(bench, command, **how):
    """The command natively and profiled, each in an empty folder of the same name; returns the profiled outcome and its trace."""
    native = bench.run(command, cwd=bench.folder("here"), **how)
    os.rename(bench.path("here"), bench.path("here-native"))
    profiled, trace = bench.profile(command, cwd=bench.folder("here"), **how)
    check_transparent(native, profiled)
    return profiled, trace


@scenario("run-statuses")
def statuses(bench):
    ways = {"exit 0": 0, "exit 3": 3, "exit 255": 255, "kill -TERM $$": 143, "kill -KILL $$": 137, "kill -ABRT $$": 134}
    for script, status in ways.items():
        profiled, trace = bench.profile(["/bin/sh", "-c", script], trace=f"{status}.hpl")
        expect_equal(f"status of '{script}'", profiled.status, status)
        expect_equal(f"processes of '{script}'", len(bench.report(trace)["processes"]), 1)


@scenario("run-streams")
def streams(bench):
    data = bytes(range(256)) * 8192
    profiled, _ = compare(bench, ["/bin/sh", "-c", "cat; echo to stderr >&2"], stdin=data)
    expect_equal("bytes through stdin and stdout", len(profiled.stdout), len(data))


@scenario("run-arguments")
def arguments(bench):
    program = bench.program("surroundings")
    compare(bench, [program, "", " ", "a b", "-o", "--", "--help", "x\ny", "ü", "'", '"', "$HOME", "*"])


@scenario("run-without-dashes")
def without_dashes(bench):
    outcome = bench.run([bench.heapline, "run", "-o", bench.path("t.hpl"), "sh", "-c", "exit 9", "-o", "no.hpl"])
    expect_equal("status", outcome.status, 9)
    expect(os.path.exists(bench.path("t.hpl")), "the trace named by -o is not there")


@scenario("run-default-file")
def default_file(bench):
    folder = bench.folder("here")
    outcome = bench.run([bench.heapline, "run", bench.program("plain")], cwd=folder)
    expect_equal("status", outcome.status, 0)
    expect_equal("files left", len(os.listdir(folder)), 1)
    name = os.listdir(folder)[0]
    expect(name.endswith(".hpl") and name.encode() in outcome.stderr, f"the summary does not name {name}: {outcome.stderr!r}")
    bench.report(os.path.join(folder, name))


@scenario("run-summary")
def summary(bench):
    profiled, trace = bench.profile([bench.program("plain")])
    check_summary(profiled.stderr)
    text = profiled.stderr.decode()
    for word in (os.path.basename(trace), "plain.c", "peak", "heapline lines"):
        expect(word in text, f"the summary does not mention '{word}': {text!r}")
    expect_equal("own output on stdout", profiled.stdout, b"")


@scenario("run-surroundings")
def surroundings(bench):
    def change():
        os.umask(0o027)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGALRM, signal.SIGCHLD})
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.nice(3)
        os.dup2(os.open("/dev/zero", os.O_RDONLY), 17)
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
    compare(bench, [bench.program("surroundings"), "changed"], before=change)


@scenario("run-closed-streams")
def closed_streams(bench):
    for closed in ((0,), (0, 1), (0, 1, 2)):
        def change(fds=closed):
            for fd in fds:
                os.close(fd)
        native = bench.run([bench.program("allocate"), "5"], before=change)
        profiled, trace = bench.profile([bench.program("allocate"), "5"], trace=f"{len(closed)}.hpl", before=change)
        expect_equal(f"status with descriptors {closed} closed", profiled.status, native.status)
        expect_equal(f"stdout with descriptors {closed} closed", profiled.stdout, native.stdout)
        expect(bench.report(trace)["processes"][0]["allocations"] >= 5, "the trace misses allocations")


def start_waiting(bench, *options, command=None, trace="trace.hpl"):
    """heapline run waits [options], ready; returns the process, the target's pid and the trace."""
    command = command or [bench.heapline, "run", "-o", bench.path(trace), "--", bench.program("waits"), *options]
    process = subprocess.Popen(command, cwd=bench.scratch, env=bench.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)
    ready = re.match(rb"ready (\d+)\n", process.stdout.readline())
    if not ready:
        process.kill()
        raise Failure(f"the program did not get ready: {process.communicate()!r}")
    return process, int(ready[1]), bench.path(trace)


def finish(process, close_input=False):
    """Waits for the end, with the program's input open unless told otherwise; returns both outputs."""
    try:
        if close_input:
            process.stdin.close()
            process.stdin = None
        process.wait(TIMEOUT)
        return process.communicate()
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failure("heapline did not end when its program should have") from None


@scenario("run-signals-caught")
def signals_caught(bench):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process, _, trace = start_waiting(bench, "catch", trace=f"{number}.hpl")
        process.send_signal(number)
        stdout, stderr = finish(process)
        expect_equal(f"the program's words after {number.name} to heapline", stdout, b"got %d\n" % number)
        expect_equal(f"status after {number.name}", process.returncode, 40 + number)
        check_summary(stderr)
        expect(bench.report(trace)["losses"]["events"] == 0, "events lost")


@scenario("run-signals-deadly")
def signals_deadly(bench):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        process, _, trace = start_waiting(bench, trace=f"{number}.hpl")
        process.send_signal(number)
        finish(process)
        status = 128 - process.returncode if process.returncode < 0 else process.returncode
        expect_equal(f"status after {number.name}", status, 128 + number)
        expect_equal("processes", len(bench.report(trace)["processes"]), 1)


@scenario("run-collector-killed")
def collector_killed(bench):
    """The profiler dies: the program does not notice, and what was written can be read or is refused with a sentence."""
    process, _, trace = start_waiting(bench, "catch")
    process.kill()
    process.wait()
    try:
        process.stdin.write(b"abc")
        process.stdin.close()
    except BrokenPipeError:
        raise Failure("the program died with heapline") from None
    stdout = process.stdout.read()
    expect_equal("the program's words after heapline's death", stdout, b"read a\nread b\nread c\ngot 0\n")
    outcome = bench.run([bench.heapline, "report", trace])
    expect(outcome.status in (0, 2), f"report of the cut trace: exit code {outcome.status}, {outcome.stderr!r}")


@scenario("run-collector-killed-busy")
def collector_killed_busy(bench):
    """The same while the program allocates with full rings: it must not wait for ever for somebody who is gone."""
    started = time.monotonic()
    script = 'echo ready; "$0"; "$0"; echo done $?'
    program = bench.program("producer_consumer")
    command = [bench.heapline, "run", "-o", bench.path("t.hpl"), "--", "/bin/sh", "-c", script, program]
    process = subprocess.Popen(command, cwd=bench.scratch, env=bench.environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    expect_equal("first word", process.stdout.readline(), b"ready\n")
    process.kill()
    process.wait()
    ready, _, _ = select.select([process.stdout], [], [], TIMEOUT / 4)
    expect(ready, f"the program stands still {time.monotonic() - started:.0f} s after heapline's death")
    expect_equal("last word", process.stdout.read(), b"done 0\n")


class Terminal:
    """A command in a terminal of its own; its output is read until something appears."""

    def __init__(self, command, env, cwd):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execve(command[0], command, env)
        self.text = b""

    def read_until(self, wanted, start=0):
        deadline = time.monotonic() + 20
        while not re.search(wanted, self.text[start:]):
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            try:
                data = os.read(self.fd, 65536) if ready else b""
            except OSError:
                data = b""
            if not data:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise Failure(f"terminal: {wanted!r} did not come, only {self.text!r}")
            self.text += data
        return len(self.text)

    def type(self, keys):
        os.write(self.fd, keys)

    def end(self):
        """Reads to the end; returns the status as a shell says it."""
        ready = True
        try:
            while ready:
                ready, _, _ = select.select([self.fd], [], [], 20)
                data = os.read(self.fd, 65536) if ready else b""
                if not data:
                    break
                self.text += data
        except OSError:
            pass    # how Linux says that nobody holds the other side any more
        if not ready:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def words(text):
    """What a terminal showed, without pids and echoed control characters."""
    for control in (b"\r", b"^C", b"^Z", b"^D\b\b"):
        text = text.replace(control, b"")
    return re.sub(rb"ready \d+", b"ready", text)


@scenario("run-terminal-interrupt")
def terminal_interrupt(bench):
    """Ctrl-C goes to the whole foreground group: the program gets it once, and heapline still writes its trace."""
    for way, status in ((["catch"], 42), ([], 130)):
        shown = []
        for prefix in ([], [bench.heapline, "run", "-o", bench.path("t.hpl"), "--"]):
            script = '"$@" 2>/dev/null; exit $?'
            command = ["/bin/bash", "-c", script, "sh", *prefix, bench.program("waits"), *way]
            terminal = Terminal(command, bench.environment(), bench.scratch)
            terminal.read_until(rb"ready")
            terminal.type(b"\x03")
            expect_equal(f"status after Ctrl-C {'under heapline' if prefix else 'natively'} {way}", terminal.end(), status)
            shown.append(words(terminal.text))
        expect_equal("shown on the terminal", shown[1], shown[0])
        expect_equal("processes", len(bench.report(bench.path("t.hpl"))["processes"]), 1)
        os.unlink(bench.path("t.hpl"))


@scenario("run-terminal-stop")
def terminal_stop(bench):
    """Ctrl-Z stops the job, fg goes on with it, Ctrl-D ends it, as without heapline."""
    shown = []
    for prefix in ([], [bench.heapline, "run", "-o", bench.path("t.hpl"), "--"]):
        script = 'set -m; "$@" 2>/dev/null; echo stopped=$?; fg >/dev/null; echo ended=$?'
        command = ["/bin/bash", "-c", script, "sh", *prefix, bench.program("waits")]
        terminal = Terminal(command, bench.environment(), bench.scratch)
        terminal.read_until(rb"ready")
        terminal.type(b"\x1a")
        terminal.read_until(rb"stopped=148")
        terminal.type(b"x\n")
        terminal.read_until(rb"read x")
        terminal.type(b"\x04")
        terminal.read_until(rb"ended=\d+")
        terminal.end()
        shown.append(words(terminal.text))
    expect_equal("shown on the terminal", shown[1], shown[0])
    expect(b"ended=0" in shown[0], f"natively: {shown[0]!r}")
    expect_equal("losses", bench.report(bench.path("t.hpl"))["losses"]["events"], 0)


@scenario("run-terminal-progress")
def terminal_progress(bench):
    """One line of progress, rewritten in place, only because stderr is a terminal; it is gone when the summary comes."""
    command = [bench.heapline, "run", "-o", bench.path("t.hpl"), "--", bench.program("waits")]
    terminal = Terminal(command, bench.environment(TERM="xterm"), bench.scratch)
    at = terminal.read_until(rb"ready")
    terminal.read_until(rb"\r[^\n]*\d", at)
    terminal.type(b"\x04")
    expect_equal("status", terminal.end(), 0)


def limited(bench, limit, program, *arguments):
    command = ["/bin/sh", "-c", f'ulimit {limit} || exit 90; exec "$@"', "sh", bench.program(program), *arguments]
    native = bench.run(command)
    expect(native.status == 0, f"natively under ulimit {limit}: {native.status} {native.stderr!r}")
    profiled, trace = bench.profile(command)
    expect_equal(f"status under ulimit {limit}", profiled.status, native.status)
    expect_equal(f"stdout under ulimit {limit}", profiled.stdout, native.stdout)
    return bench.report(trace)


@scenario("run-limit-file-size")
def limit_file_size(bench):
    """`ulimit -f` must not end the program by SIGXFSZ because of memory that the library shares."""
    limited(bench, "-f 1", "allocate", "3000")


@scenario("run-limit-address-space")
def limit_address_space(bench):
    """`ulimit -v` too small for the profiler's own tables: the program runs, seen or unseen."""
    limited(bench, "-v 40000", "allocate", "3000")


@scenario("run-limit-descriptors")
def limit_descriptors(bench):
    """One descriptor is free in the program, as the loader needs it: nothing breaks."""
    limited(bench, "-n 4", "allocate", "3000")


@scenario("run-other-user")
def other_user(bench):
    """A program that runs as somebody else, who may not read the session's folder, is not disturbed."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("needs root and setpriv")
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", bench.program("allocate"), "40"]
    native = bench.run(command)
    if native.status != 0:
        raise Skip(f"somebody else cannot run the program here: {native.stderr!r}")
    profiled, trace = bench.profile(command)
    expect_equal("status", profiled.status, native.status)
    expect_equal("stdout", profiled.stdout, native.stdout)
    expect(bench.report(trace)["processes"], "no process in the trace")
