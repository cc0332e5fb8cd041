#!/usr/bin/env python3
"""Checks libheapline.so's border: what it exports, what it imports, what it needs.

Exported: exactly the names of lib/exports.map; anything more could take the place of a function of the target (a visible
unwinder breaks C++ exceptions). Imported: only names of tests/imports.txt, each of which stands there with the reason why a hook
or the start may call it. Needed: libc (and its loader), for everything else would be loaded into every program.
"""
import argparse
import re
import subprocess
import sys


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def dynamic_names(library, which):
    names = (line.split()[-1] for line in output_of("nm", "-D", which, library).splitlines())
    return {name.split("@")[0] for name in names}


def allowed_exports(path):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    part = re.search(r"global:(.*?)local:", text, re.DOTALL)
    if not part:
        raise ValueError(f"{path} has no part between global: and local:")
    return set(re.findall(r"[A-Za-z_]\w*", part.group(1)))


def allowed_imports(path):
    """Names mapped to their reasons."""
    reasons = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, _, reason = line.partition("#")
            if name.strip():
                reasons[name.strip()] = reason.strip()
    return reasons


def check_names(library, exports, imports):
    exported, wanted = dynamic_names(library, "--defined-only"), allowed_exports(exports)
    for name in sorted(exported - wanted):
        yield f"exports {name}, which is not in {exports}"
    for name in sorted(wanted - exported):
        yield f"does not export {name}, which is in {exports}"
    for name in sorted(name for name in exported if re.match(r"_Unwind_|_?unw_|_U[A-Z]|__gxx_|__cxa_", name)):
        yield f"exports {name}: the target's own unwinder would be replaced"
    reasons = allowed_imports(imports)
    for name in sorted(name for name, reason in reasons.items() if not reason):
        yield f"{imports} gives no reason for {name}"
    for name in sorted(dynamic_names(library, "--undefined-only") - reasons.keys()):
        yield f"imports {name}: is it safe where it is called (locks, memory, errno)? Then add it to {imports} with the reason"


def check_dynamic(library):
    text = output_of("readelf", "-dW", library)
    for name in re.findall(r"\(NEEDED\).*\[(.*)\]", text):
        if not re.match(r"(libc\.so|ld-linux|ld64|ld-musl)", name):
            yield f"needs {name}: only libc may be loaded into the target"
    if "(TEXTREL)" in text:
        yield "has relocations in its code, which hardened systems refuse"
    if "(NODELETE)" not in text and not re.search(r"FLAGS_1.*NODELETE", text):
        yield "may be unloaded while its hooks are in use (link with -z nodelete)"
    headers = output_of("readelf", "-lW", library)
    stack = re.search(r"GNU_STACK.*", headers)
    if not stack or "E" in stack.group(0).split()[-2]:
        yield "asks for an executable stack"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library")
    parser.add_argument("exports", help="lib/exports.map")
    parser.add_argument("imports", help="tests/imports.txt")
    arguments = parser.parse_args()
    problems = [*check_names(arguments.library, arguments.exports, arguments.imports), *check_dynamic(arguments.library)]
    for problem in problems:
        print(f"{arguments.library} {problem}")
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
