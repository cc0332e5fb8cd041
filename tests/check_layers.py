#!/usr/bin/env python3
"""Checks the arrows of docs/architecture.md: what each file includes, and that every header compiles alone.

Arrows point down: main -> cmd -> output -> graph -> analyze -> symbol -> trace -> base, lib/wire; cmd -> collect beside them. The library includes
the viewer never, the viewer of lib/ only lib/wire. What lib/wire holds is used inside the target's hooks: it may use no memory,
files or threads of libc.
"""
import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Layer -> the layers it may include besides itself.
BELOW = {
    "lib/wire": [],
    "lib": ["lib/wire"],
    "base": [],
    "trace": ["base", "lib/wire"],
    "symbol": ["trace", "base"],
    "collect": ["symbol", "trace", "base", "lib/wire"],
    "analyze": ["symbol", "trace", "base"],
    "graph": ["analyze", "symbol", "trace", "base", "lib/wire"],
    "output": ["graph", "analyze", "trace", "base"],
    "cmd": ["output", "graph", "analyze", "collect", "symbol", "trace", "base"],
    "main": ["cmd", "base"],
}
FORBIDDEN_SYSTEM = {
    "lib/wire": {"stdlib.h", "malloc.h", "stdio.h", "pthread.h", "threads.h"},
    "lib": {"elfutils/libdw.h", "jansson.h", "zstd.h", "zlib.h", "lzma.h", "libunwind.h"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    """The layer of a path relative to the root, or None when it is in none."""
    parts = path.split("/")
    if parts[0] == "lib":
        return "lib/wire" if parts[1] == "wire" else "lib"
    if parts[0] != "viewer":
        return None
    if len(parts) == 2:
        return "cmd" if path.endswith(".h") else "main"      # command.h and option.h are what commands are made of
    return parts[1] if parts[1] in BELOW else None


def sources():
    for top in ("lib", "viewer"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def target_of(path, name):
    """The included file relative to the root, or None when there is no such file."""
    for start in (os.path.dirname(path), ""):
        candidate = os.path.normpath(os.path.join(start, name))
        if os.path.isfile(os.path.join(ROOT, candidate)):
            return candidate
    return None


def check_quoted(path, name):
    target = target_of(path, name)
    if target is None:
        return f'{path} includes "{name}", which does not exist'
    if target.endswith(".c"):
        return f"{path} includes a .c file, {target}"
    here, there = layer_of(path), layer_of(target)
    if here is None or there is None:
        return f"{path} includes {target}: {path if here is None else target} is in no known layer (see BELOW in {__file__})"
    if here != there and there not in BELOW[here]:
        return f"{path} ({here}) includes {target} ({there}): arrows point only down"
    return None


def check_includes(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    for kind, name in INCLUDE.findall(text):
        if kind == '"':
            problem = check_quoted(path, name)
            if problem:
                yield problem
        elif name in FORBIDDEN_SYSTEM.get(layer_of(path), ()):
            yield f"{path} includes <{name}>, which {layer_of(path)} must do without"


def compiler_for(header):
    """arch_aarch64.h needs that processor's compiler; None when it is not installed."""
    named = re.search(r"arch_(\w+)\.h$", header)
    if not named or named.group(1) == platform.machine():
        return os.environ.get("CC", "cc").split()
    cross = named.group(1) + "-linux-gnu-gcc"
    return [cross] if shutil.which(cross) else None


def check_alone(header):
    compiler = compiler_for(header)
    if compiler is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".c") as unit:
        unit.write(f'#include "{os.path.join(ROOT, header)}"\n')
        unit.flush()
        done = subprocess.run([*compiler, "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
                               "-fsyntax-only", unit.name], capture_output=True, text=True, check=False)
    return f"{header} does not compile alone:\n{done.stderr}" if done.returncode else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["includes", "headers", "all"], default="all")
    what = parser.parse_args().what
    files = list(sources())
    problems = []
    if what != "headers":
        problems += [problem for path in files for problem in check_includes(path)]
    if what != "includes":
        headers = [path for path in files if path.endswith(".h")]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            problems += [problem for problem in pool.map(check_alone, headers) if problem]
    for problem in problems:
        print(problem)
    print(f"{len(files)} files, {len(problems)} problems")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
