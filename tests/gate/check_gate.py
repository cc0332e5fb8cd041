#!/usr/bin/env python3
"""check_gate.py HEAPLINE LOOP: `heapline gate` and `heapline diff` as a CI job uses them, on loop.c."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

HEAPLINE, LOOP = map(os.path.abspath, sys.argv[1:3])
del sys.argv[1:3]


class Gate(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="heapline-gate-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def read_json(self, name):
        return json.loads(self.read(name))

    def heapline(self, *words, **environment):
        return subprocess.run([HEAPLINE, *map(str, words)], cwd=self.folder, capture_output=True, text=True, check=False, timeout=60,
                              env={**os.environ, "TMPDIR": self.folder, "LC_ALL": "C.UTF-8", **environment})

    def gate(self, status, *words, **environment):
        """The gate's text; its exit status has to be `status`."""
        done = self.heapline("gate", *words, **environment)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def record(self, name, *words):
        done = self.heapline("run", "-q", "-o", name, LOOP, *words)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_passes(self):
        text = self.gate(0, "--max-growth", 0, "--max-lost", 0, "--max-peak", "1MiB", "--", LOOP, 50)
        self.assertTrue(text.startswith("begins\nGate passed: "), text)     # the program's own output goes first
        for check in ("growth", "lost", "peak", "target", "recording"):
            self.assertRegex(text, rf"ok .*{check}")
        self.assertEqual(os.listdir(self.folder), [])                      # the trace is gone

    def test_default_budget(self):
        self.assertRegex(self.gate(0, "--", LOOP, 20), r"ok +lost +max-lost +0 B +0 B")
        text = self.gate(1, "--", LOOP, 20, "lose")
        self.assertIn("1.95 KiB in 20 blocks are lost", text)
        self.assertIn("loop.c:", text)

    def test_growth(self):
        text = self.gate(1, "--max-growth", 0, "--", LOOP, 50, "hoard")
        self.assertRegex(text, r"hoard \(loop\.c:\d+\) grows by 24 B an iteration")
        self.assertRegex(text, r"held by global list in loop")
        text = self.gate(1, "--max-growth", 0, "--", LOOP, 50, "line")
        self.assertRegex(text, r"make \(loop\.c:\d+\) grows by 24 B(.|\n)*held by global list in loop")
        self.assertRegex(self.gate(0, "--max-growth", 24, "--", LOOP, 50, "hoard"), r"ok +growth +max-growth +24 B/iteration")
        self.assertRegex(self.gate(1, "--max-growth", 99, "--", LOOP, 50, "lose"), r"lose \(loop\.c:\d+\) grows by 100 B an iteration")

    def test_growth_unchecked(self):
        self.assertIn("There are 5 iterations", self.gate(3, "--max-growth", 0, "--", LOOP, 5))
        self.assertIn('marked no "request"; it marked "iteration"', self.gate(3, "--max-growth", 0, "--iterations", "request", "--", LOOP, 50))

    def test_program_fails(self):
        self.assertIn("The program ended with status 7.", self.gate(1, "--max-peak", "1GiB", "--", LOOP, 20, "steady", 7))
        self.assertIn("killed by signal 6", self.gate(1, "--max-peak", "1GiB", "--", LOOP, 20, "abort"))

    def test_never_profiled(self):
        self.assertIn("Nothing was recorded", self.gate(3, "--", "no-such-program"))
        static = self.path("static")
        compiler = shutil.which("gcc") or shutil.which("cc")
        self.write("s.c", "int main(void) { return 0; }\n")
        if not compiler or subprocess.run([compiler, "-static", "-o", static, self.path("s.c")], check=False, capture_output=True).returncode:
            self.skipTest("no static program can be built here")
        self.assertRegex(self.gate(3, "--", static), r"Nothing was recorded: .*static")

    def test_cut_trace(self):
        self.record("app.hpl", 20)
        with open(self.path("app.hpl"), "r+b") as file:
            file.truncate(os.path.getsize(self.path("app.hpl")) * 2 // 3)
        self.assertRegex(self.gate(3, "--max-peak", "1GiB", "app.hpl"), r"The trace is cut at byte \d+")

    def test_usage(self):
        self.record("app.hpl", 20)
        for words in ([], ["app.hpl", "app.hpl"], ["app.hpl", "--", LOOP], ["missing.hpl"], ["--max-increase", "x", "app.hpl"],
                      ["--budget", "thread x max-peak 1", "app.hpl"], ["--baseline", "missing.json", "app.hpl"], ["--every", "12:31", "app.hpl"],
                      ["--suppressions", "missing", "app.hpl"], ["--config", "missing", "app.hpl"], ["--json", "no/folder", "app.hpl"]):
            done = self.heapline("gate", *words)
            self.assertEqual(done.returncode, 2, f"{words}: {done.stdout}{done.stderr}")
            self.assertTrue(done.stderr.startswith("heapline: "), done.stderr)

    def test_config(self):
        self.write("heapline.ini", "[gate]\nmax-growth = 0\n[function \"hoard\"]\nmax-growth = 30\nmax-allocations = 49\n")
        self.record("app.hpl", 50, "hoard")
        text = self.gate(1, "app.hpl")
        self.assertRegex(text, r"FAIL +allocations +max-allocations for hoard +50 +49")
        self.assertRegex(text, r"ok +growth +max-growth for hoard")
        self.assertRegex(text, r"ok +growth +max-growth +0 B/iteration")
        self.gate(0, "--budget", "function hoard max-allocations 50", "app.hpl")       # the command line wins
        self.gate(0, "--no-config", "app.hpl")
        self.write("heapline.ini", "[gate]\nmax-peek = 1\n")
        done = self.heapline("gate", "app.hpl")
        self.assertEqual((done.returncode, done.stderr), (2, 'heapline: heapline.ini:2: there is no setting "max-peek" here; did you mean max-peak?\n'))

    def test_suppressions(self):
        self.record("app.hpl", 20, "lose")
        self.write("a.supp", "leak:lose\n")
        self.gate(1, "app.hpl")
        self.gate(0, "--suppressions", "a.supp", "app.hpl")
        self.write("a.supp", "leak:lose\nleak:nobody\n")
        self.assertIn("1 suppression took nothing", self.heapline("gate", "--suppressions", "a.supp", "app.hpl").stderr)

    def test_baseline(self):
        self.record("before.hpl", 50)
        self.gate(0, "--write-baseline", "base.json", "before.hpl")
        self.record("after.hpl", 400, "hoard")              # 399 nodes at the peak, where the last iteration's garbage stands beside them
        for baseline in ("base.json", "before.hpl"):
            self.gate(0, "--baseline", baseline, "before.hpl")
            text = self.gate(1, "--baseline", baseline, "after.hpl")
            self.assertRegex(text, r"hoard \(loop\.c:\d+\): 9\.35 KiB held at the peak, nothing in the baseline")
            self.gate(0, "--baseline", baseline, "--max-increase", "30%", "--min-increase", "16KiB", "after.hpl")
        self.assertEqual(self.read_json("base.json")["schema"], "heapline-baseline/1")
        self.gate(1, "--write-baseline", "bad.json", "--", LOOP, 50, "steady", 7)
        self.assertFalse(os.path.exists(self.path("bad.json")))

    def test_outputs(self):
        self.record("app.hpl", 50, "hoard")
        self.gate(1, "--max-growth", 0, "--junit", "j.xml", "--sarif", "s.sarif", "--gitlab", "g.json", "--json", "h.json", "app.hpl")
        self.assertTrue(xml.etree.ElementTree.parse(self.path("j.xml")).getroot().findall(".//failure"))
        results = self.read_json("s.sarif")["runs"][0]["results"]
        self.assertEqual([result["ruleId"] for result in results], ["growth"])
        self.assertEqual(len(self.read_json("g.json")), 1)
        self.assertEqual(self.read_json("h.json")["outcome"], "fail")
        self.assertEqual(json.loads(self.gate(1, "--max-growth", 0, "--json", "-", "app.hpl"))["exit_code"], 1)
        text = self.gate(1, "--max-growth", 0, "--github", "app.hpl", GITHUB_STEP_SUMMARY=self.path("summary.md"))
        self.assertIn("\n::error ", text)
        self.assertIn("hoard", self.read("summary.md"))

    def test_trace_is_kept(self):
        self.gate(0, "-o", "kept.hpl", "--", LOOP, 20)
        self.gate(0, "kept.hpl")

    def test_options_of_run(self):
        self.assertIn("ended without a snapshot", self.gate(3, "--run-option=--no-leak-check", "--", LOOP, 20))
        self.assertIn("Nothing was recorded", self.gate(3, "--run-option=--no-such-option", "--", LOOP, 20))

    def test_diff(self):
        self.record("before.hpl", 20)
        self.record("after.hpl", 20, "hoard")               # 19 nodes of 24 at the peak
        done = self.heapline("diff", "before.hpl", "after.hpl")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"- +456 B +\+456 B +new +hoard")
        found = json.loads(self.heapline("diff", "--json", "--by-stack", "before.hpl", "after.hpl").stdout)
        self.assertEqual((found["schema"], found["by"]), ("heapline-diff/1", "peak"))
        self.assertEqual([(row["change"], row["difference"], row["function"]) for row in found["stacks"]], [("new", 456, "hoard")])
        self.assertNotIn("lines", found)
        self.assertEqual(self.heapline("diff", "before.hpl").returncode, 2)


if __name__ == "__main__":
    unittest.main()
