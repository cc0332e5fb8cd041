"""What cannot be profiled is refused before it starts: one plain sentence with the program, the cause and the way out."""
import os
import shutil
import stat
import struct

from harness import Skip, expect, expect_equal

SCENARIOS = []


def scenario(name):
    def add(function):
        SCENARIOS.append((name, "refusals", function))
        return function
    return add


def refused(bench, path, status, *words, named=None, stdout=b""):
    """Nothing of the program ran, unless `stdout` says so; one line on stderr holds the program's name and of each word one of its alternatives."""
    outcome, trace = bench.profile([path])
    text = outcome.stderr.decode("utf-8", "replace")
    expect_equal("exit code", outcome.status, status)
    expect_equal("stdout", outcome.stdout, stdout)
    expect_equal(f"lines on stderr ({text!r})", text.count("\n"), 1)
    expect((named or os.path.basename(path)) in text, f"the sentence does not name the program: {text!r}")
    for alternatives in words:
        expect(any(word in text.lower() for word in alternatives.split("|")), f"the sentence lacks '{alternatives}': {text!r}")
    expect(not os.path.exists(trace), "a refused run left a trace behind")


def make(bench, name, content, mode=0o755):
    path = bench.path(name)
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)
    return path


@scenario("refuse-static")
def static(bench):
    refused(bench, bench.program("static_program"), 2, "static")


@scenario("refuse-static-pie")
def static_pie(bench):
    refused(bench, bench.program("static_pie_program"), 2, "static")


@scenario("refuse-musl")
def musl(bench):
    if not os.path.exists(bench.program("musl_program")):
        raise Skip("musl-gcc is not installed")
    refused(bench, bench.program("musl_program"), 2, "musl|libc|c library")


@scenario("refuse-32-bit")
def bits_32(bench):
    header = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0x8048000, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 0, 0x8048000, 0x8048000, 84, 84, 5, 0x1000)
    refused(bench, make(bench, "program32", header + segment), 2, "32-bit|32 bit")


@scenario("refuse-other-processor")
def other_processor(bench):
    with open(bench.program("plain"), "rb") as file:
        image = bytearray(file.read())
    image[18:20] = struct.pack("<H", 183)   # EM_AARCH64
    refused(bench, make(bench, "foreign", bytes(image)), 2, "processor|architecture|machine|aarch64")


@scenario("refuse-setuid")
def setuid(bench):
    if os.geteuid() != 0:
        raise Skip("needs root to make a setuid program")
    path = bench.path("privileged")
    shutil.copy(bench.program("plain"), path)
    os.chown(path, 65534, 65534)
    os.chmod(path, 0o4755)
    if os.statvfs(bench.scratch).f_flag & os.ST_NOSUID:
        raise Skip("the scratch folder's file system ignores setuid bits")
    refused(bench, path, 2, "setuid|set-user-id")


@scenario("refuse-setgid")
def setgid(bench):
    if os.geteuid() != 0:
        raise Skip("needs root to make a setgid program")
    path = bench.path("privileged")
    shutil.copy(bench.program("plain"), path)
    os.chown(path, 0, 65534)
    os.chmod(path, 0o2755)
    expect(os.stat(path).st_mode & stat.S_ISGID, "the scratch folder keeps no setgid bit")
    refused(bench, path, 2, "setgid|set-group-id|setuid")


@scenario("refuse-own-allocator")
def own_allocator(bench):
    """It is run, as its children may be worth the while; that nothing was profiled is known only when it has ended."""
    refused(bench, bench.program("own_malloc_exported"), 2, "malloc|allocator", stdout=b"own\n")


@scenario("refuse-own-hidden-allocator")
def own_hidden_allocator(bench):
    refused(bench, bench.program("own_malloc_hidden"), 2, "malloc|allocator", stdout=b"own\n")


@scenario("refuse-text")
def text(bench):
    refused(bench, make(bench, "no-interpreter", b"echo hello\n"), 2, "interpreter|#!")


@scenario("refuse-missing-interpreter")
def missing_interpreter(bench):
    refused(bench, make(bench, "bad-script", b"#!/no/such/interpreter\n"), 127, "/no/such/interpreter")


@scenario("refuse-missing-loader")
def missing_loader(bench):
    with open(bench.program("plain"), "rb") as file:
        image = file.read()
    image = image.replace(b"/lib64/ld-linux-x86-64.so.2", b"/lib64/ld-nothere-x86-6.so.2"[:27])
    refused(bench, make(bench, "no-loader", image), 127, "ld-nothere")


@scenario("refuse-script-of-static")
def script_of_static(bench):
    path = make(bench, "static-script", f"#!{bench.program('static_program')}\n".encode())
    refused(bench, path, 2, "static", named="static_program")


@scenario("refuse-missing")
def missing(bench):
    refused(bench, bench.path("nothing-here"), 127, "no such|not found|does not exist")
    refused(bench, "no-such-program-in-path", 127, "no such|not found|does not exist")


@scenario("refuse-not-executable")
def not_executable(bench):
    refused(bench, make(bench, "plain-file", b"#!/bin/sh\n", 0o644), 126, "permission|executable")


@scenario("refuse-directory")
def directory(bench):
    refused(bench, bench.folder("a-folder"), 126, "directory|folder")


@scenario("refuse-empty-file")
def empty_file(bench):
    refused(bench, make(bench, "empty-program", b""), 2, "empty|interpreter|#!")


@scenario("refuse-damaged-elf")
def damaged_elf(bench):
    with open(bench.program("plain"), "rb") as file:
        image = file.read()
    for length in (4, 20, 63, 64, 100):
        refused(bench, make(bench, f"cut-{length}", image[:length]), 2, "elf|damaged|cut|short|format")


@scenario("refuse-nothing")
def nothing(bench):
    outcome = bench.run([bench.heapline, "run"])
    expect_equal("exit code without a program", outcome.status, 2)
    expect(outcome.stderr and not outcome.stdout, f"expected words on stderr only, came {outcome.stdout!r} {outcome.stderr!r}")


@scenario("accept-script")
def script(bench):
    path = make(bench, "a-script", f"#! {bench.program('allocate')}  12\n".encode())
    # The interpreter gets "12" and the script's path, and allocates 12 blocks.
    outcome, trace = bench.profile([path])
    expect_equal("status", outcome.status, 0)
    expect_equal("stdout", outcome.stdout, b"blocks=12\n")
    expect(bench.report(trace)["processes"][0]["allocations"] >= 12, "the script's interpreter was not profiled")


@scenario("accept-nested-script")
def nested_script(bench):
    inner = make(bench, "inner", b"#!/bin/sh\nexit 14\n")
    outcome, trace = bench.profile([make(bench, "outer", f"#!{inner}\n".encode())])
    expect_equal("status", outcome.status, 14)
    expect_equal("processes", len(bench.report(trace)["processes"]), 1)
