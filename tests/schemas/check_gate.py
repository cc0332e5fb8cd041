#!/usr/bin/env python3
"""Reads back what `heapline gate` writes for CI services and holds it to what their documentation asks for.

usage: check_gate.py DRIVER       (the program built from tests/unit/test_gate_output.c)

Needs nothing but Python; the published schemas, where they can be had, are published.py's.
"""
import re
import sys
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree

from samples import FILE, FUNCTION, LOST, MESSAGE, SAMPLES, Written, visible

DRIVER = sys.argv.pop(1)
WRITTEN = Written(DRIVER)
RULES = ["lost", "live", "peak", "allocations", "growth", "baseline", "target", "check"]
OUTCOMES = {"clean": ("pass", 0), "mixed": ("fail", 1), "unchecked": ("could not check", 3), "nothing": ("could not check", 3),
            "many": ("fail", 1), "random": ("fail", 1)}


def setUpModule():
    WRITTEN.__enter__()


def tearDownModule():
    WRITTEN.__exit__()


class Json(unittest.TestCase):
    def test_verdicts(self):
        for sample in SAMPLES:
            report = WRITTEN.json(sample, "json")
            self.assertEqual(report["schema"], "heapline-gate/1")
            self.assertEqual((report["outcome"], report["exit_code"]), OUTCOMES[sample])
            self.assertEqual(report["failed"] + report["unchecked"] + report["passed"], len(report["checks"]))
            self.assertEqual(sum(check["findings"] for check in report["checks"]), len(report["findings"]))

    def test_counts(self):
        report = WRITTEN.json("mixed", "json")
        self.assertEqual((report["failed"], report["unchecked"], report["passed"]), (3, 1, 2))
        names = ("rule", "outcome", "value", "limit", "unit", "findings")
        self.assertEqual([tuple(check[name] for name in names) for check in report["checks"]], [
            ("target", "fail", None, None, None, 1), ("lost", "fail", 1536, 0, "bytes", 3),
            ("allocations", "fail", 1234, 1000, "allocations", 1),
            ("growth", "could not check", None, 16, "bytes per iteration", 1), ("lost", "pass", 0, 0, "bytes", 1),
            ("peak", "pass", 24 << 20, 64 << 20, "bytes", 1)])

    def test_names_survive(self):
        finding = WRITTEN.json("mixed", "json")["findings"][1]
        self.assertEqual(finding["message"], MESSAGE)
        self.assertEqual(finding["stack"][1], {"function": FUNCTION, "file": FILE, "line": 12, "module": "/opt/my app/bin"})
        self.assertEqual(len(finding["stack"][2]["function"]), 5000)
        self.assertEqual(finding["stack"][6], {"function": None, "file": None, "line": None, "module": None})
        self.assertEqual((finding["owner"], finding["blocks"], finding["fingerprint"]), (1, 3, "00000000000000aa"))
        self.assertEqual(finding["held_by"], "global <servers> in app -> +0x40 -> ä\x02")

    def test_program(self):
        program = WRITTEN.json("mixed", "json")["program"]
        self.assertEqual(program, {"command": "'/src/my project/out dir/my app' --once", "failure": "ended with status 3",
                                   "started_unix_s": 1767225600.0, "duration_s": 1.23456789})
        self.assertIsNone(WRITTEN.json("nothing", "json")["program"]["started_unix_s"])


class JUnit(unittest.TestCase):
    def suite(self, sample):
        return ElementTree.fromstring(WRITTEN.text(sample, "xml").encode())

    def test_order_and_attributes(self):
        """What Ant's schema insists on: which children in which order, which attributes, at most one result in a case."""
        for sample in SAMPLES:
            suite = self.suite(sample)
            cases = suite.findall("testcase")
            self.assertEqual(suite.tag, "testsuite")
            self.assertEqual([child.tag for child in suite],
                             ["properties"] + ["testcase"] * len(cases) + ["system-out", "system-err"])
            self.assertEqual(set(suite.keys()), {"name", "timestamp", "hostname", "tests", "failures", "errors", "time"})
            self.assertRegex(suite.get("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
            self.assertRegex(suite.get("time"), r"^\d+\.\d{3}$")
            for case in cases:
                self.assertEqual(set(case.keys()), {"classname", "name", "time"})
                self.assertLessEqual(len(case), 1)
                for result in case:
                    self.assertIn(result.tag, ("failure", "error"))
                    self.assertEqual(set(result.keys()), {"type", "message"})
                    self.assertIn(result.get("type"), RULES)
            self.assertEqual(len({case.get("name") for case in cases}), len(cases))

    def test_counts(self):
        for sample, expected in {"clean": (2, 0, 0), "mixed": (6, 3, 1), "unchecked": (3, 0, 1), "nothing": (1, 0, 1),
                                 "many": (1, 1, 0), "random": (300, 100, 100)}.items():
            suite = self.suite(sample)
            self.assertEqual(tuple(int(suite.get(name)) for name in ("tests", "failures", "errors")), expected)
            self.assertEqual(tuple(len(suite.findall(path)) for path in ("testcase", ".//failure", ".//error")), expected)

    def test_times(self):
        suite = self.suite("mixed")
        self.assertEqual((suite.get("timestamp"), suite.get("time")), ("2026-01-01T00:00:00", "1.234"))

    def test_names_survive(self):
        failure = [f for f in self.suite("mixed").iter("failure") if f.get("type") == "lost"][0]
        self.assertEqual(failure.get("message"), visible(MESSAGE))
        self.assertIn(visible(FUNCTION) + "  " + FILE + ":12\n", failure.text)
        self.assertIn("x" * 5000 + "  ./src/long.c:7\n", failure.text)
        self.assertIn("    held by global <servers> in app -> +0x40 -> ä" + LOST + "\n", failure.text)
        self.assertIn("64 B in 1 block are lost, in another process\n", failure.text)       # each finding of the budget


class Sarif(unittest.TestCase):
    def run_of(self, sample):
        log = WRITTEN.json(sample, "sarif")
        self.assertEqual((log["version"], len(log["runs"])), ("2.1.0", 1))
        return log["runs"][0]

    def test_rules(self):
        for sample in SAMPLES:
            driver = self.run_of(sample)["tool"]["driver"]
            self.assertEqual(driver["name"], "heapline")
            self.assertEqual([rule["id"] for rule in driver["rules"]], RULES)
            for rule in driver["rules"]:
                self.assertTrue(rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and rule["help"]["text"])

    def test_results(self):
        """Only failures; each refers to its rule, has a place that code scanning takes, and a fingerprint of its own."""
        for sample, n in {"clean": 0, "mixed": 5, "unchecked": 0, "nothing": 0, "many": 75, "random": 100}.items():
            results = self.run_of(sample)["results"]
            self.assertEqual(len(results), n)
            self.assertEqual(len({result["partialFingerprints"]["heaplineStack/v1"] for result in results}), n)
            for result in results:
                self.assertEqual(RULES[result["ruleIndex"]], result["ruleId"])
                self.assertEqual((result["kind"], result["level"], len(result["locations"])), ("fail", "error", 1))
                place = result["locations"][0]["physicalLocation"]
                self.assertEqual(place["artifactLocation"]["uriBaseId"], "%SRCROOT%")
                self.assertNotRegex(place["artifactLocation"]["uri"], r"^(/|\./|\.\./|[a-z]+:|$)")
                self.assertGreaterEqual(place["region"]["startLine"], 1)

    def uris(self, value):
        if isinstance(value, dict):
            if "uri" in value:
                yield value
            for item in value.values():
                yield from self.uris(item)
        elif isinstance(value, list):
            for item in value:
                yield from self.uris(item)

    def test_uris(self):
        found = list(self.uris(self.run_of("mixed")))
        # The results' own places; in stacks and again in flows, the frames with files: 3 of one stack, 4 of two.
        self.assertEqual(len(found), 5 + 2 * (3 + 4 + 4))
        for artifact in found:
            self.assertRegex(artifact["uri"], r"^(file:///)?([A-Za-z0-9._~/+-]|%[0-9A-F]{2})+$")
            self.assertEqual("uriBaseId" in artifact, not artifact["uri"].startswith("file:"))

    def test_names_survive(self):
        lost = [result for result in self.run_of("mixed")["results"] if result["ruleId"] == "lost"]
        place = lost[0]["locations"][0]
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        self.assertEqual(urllib.parse.unquote_to_bytes(uri), b'src/a dir/100%0A,a:b"<&>\xc3\xa4\xff.c')
        self.assertEqual(place["logicalLocations"][0]["fullyQualifiedName"], FUNCTION)
        # 3.11.5: braces doubled. 3.11.6: "[](int)" would be a link.
        self.assertEqual(lost[0]["message"]["text"], MESSAGE.replace("{0}", "{{0}}").replace("](", "\\]("))
        self.assertEqual(lost[0]["properties"], {"budget": "max-lost", "value": 1536, "limit": 0, "unit": "bytes", "blocks": 3,
                                                 "heldBy": "global <servers> in app -> +0x40 -> ä\x02"})

    def test_places(self):
        """The owner lies outside of the root: the next caller below it is where the result stands. No stack: the program."""
        places = [result["locations"][0]["physicalLocation"] for result in self.run_of("mixed")["results"]]
        self.assertEqual([(p["artifactLocation"]["uri"], p["region"]["startLine"]) for p in places], [
            ("out%20dir/my%20app", 1), ("src/a%20dir/100%250A%2Ca%3Ab%22%3C%26%3E%C3%A4%FF.c", 12), ("src/fill.c", 40),
            ("src/fill.c", 40), ("out%20dir/my%20app", 1)])

    def test_stacks(self):
        lost = [result for result in self.run_of("mixed")["results"] if result["ruleId"] == "lost"]
        frames = lost[1]["stacks"][0]["frames"]
        self.assertEqual([frame["location"]["logicalLocations"][0]["fullyQualifiedName"] for frame in frames],
                         ["inner", "std::vector<int>::push_back", "fill", "main"])
        self.assertEqual(frames[1]["location"]["physicalLocation"]["artifactLocation"]["uri"],
                         "file:///usr/include/c%2B%2B/12/vector.h")
        self.assertNotIn("region", frames[3]["location"]["physicalLocation"])               # its line is not known
        steps = lost[1]["codeFlows"][0]["threadFlows"][0]["locations"]
        self.assertEqual([step["location"]["message"]["text"].split()[0] for step in steps],
                         ["main", "fill", "std::vector<int>::push_back", "inner"])
        self.assertEqual(len(lost[0]["stacks"][0]["frames"]), 7)
        # Not "<string>", and none without a file.
        self.assertEqual(len(lost[0]["codeFlows"][0]["threadFlows"][0]["locations"]), 3)

    def test_unchecked(self):
        for sample, n in {"clean": 0, "mixed": 1, "unchecked": 1, "nothing": 1, "many": 0, "random": 100}.items():
            invocation, = self.run_of(sample)["invocations"]
            notes = invocation["toolExecutionNotifications"]
            self.assertEqual((len(notes), invocation["executionSuccessful"], invocation["exitCode"]),
                             (n, n == 0, OUTCOMES[sample][1]))
            for note in notes:
                self.assertEqual((note["level"], RULES[note["associatedRule"]["index"]]), ("error", note["associatedRule"]["id"]))
        self.assertEqual(self.run_of("mixed")["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
                         "4 iterations are too few to fit a slope {{to}}: 10 are needed.")


class GitLab(unittest.TestCase):
    def test_fields(self):
        for sample, n in {"clean": 0, "mixed": 6, "unchecked": 1, "nothing": 1, "many": 75, "random": 200}.items():
            issues = WRITTEN.json(sample, "gitlab")
            self.assertEqual((type(issues), len(issues)), (list, n))
            self.assertEqual(len({issue["fingerprint"] for issue in issues}), n)
            for issue in issues:
                self.assertEqual(set(issue), {"description", "check_name", "fingerprint", "severity", "location"})
                self.assertRegex(issue["fingerprint"], r"^[0-9a-f]{16}(-\d+)?$")
                self.assertIn(issue["severity"], ("info", "minor", "major", "critical", "blocker"))
                self.assertIn(issue["check_name"], ["heapline-" + rule for rule in RULES])
                self.assertTrue(issue["description"])
                self.assertNotRegex(issue["location"]["path"], r"^(/|\./|\.\./|$)")
                self.assertGreaterEqual(issue["location"]["lines"]["begin"], 1)

    def test_places(self):
        issues = WRITTEN.json("mixed", "gitlab")
        self.assertEqual([(i["severity"], i["location"]["path"], i["location"]["lines"]["begin"]) for i in issues], [
            ("blocker", "out dir/my app", 1), ("major", FILE, 12), ("major", "src/fill.c", 40), ("major", "src/fill.c", 40),
            ("major", "out dir/my app", 1), ("critical", "out dir/my app", 1)])
        self.assertEqual(WRITTEN.json("unchecked", "gitlab")[0]["location"]["path"], "perl")
        self.assertEqual(WRITTEN.json("nothing", "gitlab")[0]["location"]["path"], "heapline")

    def test_fingerprints(self):
        """The same leak of two processes is two issues; a budget of another name would be another."""
        prints = [issue["fingerprint"] for issue in WRITTEN.json("mixed", "gitlab")]
        self.assertEqual(prints[3], prints[2] + "-2")
        self.assertEqual([issue["fingerprint"] for issue in WRITTEN.json("many", "gitlab")][74][16:], "-75")


class GitHub(unittest.TestCase):
    COMMAND = re.compile(r"^::(error|notice) ([^:]*)::(.*)$")

    @staticmethod
    def back(text, is_property):
        """As the runner does: %25 last, so that what was a percent sign stays one."""
        if is_property:
            text = text.replace("%2C", ",").replace("%3A", ":")
        return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")

    def commands(self, sample):
        found = []
        for line in WRITTEN.text(sample, "github").split("\n")[:-1]:
            kind, properties, message = self.COMMAND.match(line).groups()
            values = dict(item.split("=", 1) for item in properties.split(","))
            found.append((kind, {name: self.back(value, True) for name, value in values.items()}, self.back(message, False)))
        return found

    def test_none_when_it_passes(self):
        self.assertEqual(WRITTEN.text("clean", "github"), "")

    def test_errors(self):
        found = self.commands("mixed")
        self.assertEqual([kind for kind, _, _ in found], ["error"] * 6)
        self.assertEqual(found[0][1], {"title": "heapline: The program itself failed"})
        self.assertEqual(found[1][1], {"file": FILE, "line": "12", "title": "heapline: Memory that nothing leads to any more"})
        self.assertEqual(found[2][1]["file"], "src/fill.c")
        lines = found[1][2].split("\n")
        self.assertEqual(lines[0], visible(MESSAGE).replace("\r", " ").replace("\n", " "))
        self.assertEqual(lines[2], "  " + visible(FUNCTION) + "  " + FILE + ":12")
        self.assertEqual(len(lines[3]), 2 + 1000 + 1)             # a name of 5000 characters is cut
        self.assertEqual(lines[-1], "held by global <servers> in app -> +0x40 -> ä" + LOST)

    def test_ten_and_a_notice(self):
        found = self.commands("many")
        self.assertEqual([kind for kind, _, _ in found], ["error"] * 10 + ["notice"])
        lines = found[10][2].split("\n")
        self.assertTrue(lines[0].startswith("65 more"))
        self.assertEqual(lines[1:3] + lines[50:], ["990 B are lost", "989 B are lost", "941 B are lost", "… and 15 others"])

    def test_any_bytes(self):
        """One command a line whatever names hold: nothing in them ends a property, a title or a line."""
        self.assertNotIn("\r", WRITTEN.text("random", "github"))
        found = self.commands("random")
        self.assertEqual([kind for kind, _, _ in found], ["error"] * 10 + ["notice"])
        for kind, properties, _ in found[:10]:
            self.assertLessEqual(set(properties), {"file", "line", "title"})
            self.assertTrue(properties["title"].startswith("heapline: "))

    def test_unchecked_is_an_error(self):
        for sample in ("unchecked", "nothing"):
            self.assertEqual([kind for kind, _, _ in self.commands(sample)], ["error"])

    def test_summary(self):
        for sample, rows in {"clean": 2, "mixed": 6, "unchecked": 3, "nothing": 1, "many": 1, "random": 300}.items():
            text = WRITTEN.text(sample, "md")
            table = [line for line in text.split("\n") if line.startswith("|")]
            self.assertEqual(len(table), 2 + rows)
            self.assertEqual({line.count("|") for line in table}, {7})
            self.assertEqual(len(re.findall("^<details>", text, re.M)), len(re.findall("^</details>", text, re.M)))
            self.assertEqual(text.count("<pre>"), text.count("</pre>"))
            self.assertLess(len(text.encode()), 1 << 20)
            self.assertFalse([c for c in text if ord(c) < 32 and c != "\n"])
            tags = set(re.findall(r"<(/?[a-z]+)>", text))
            self.assertLessEqual(tags, {"details", "/details", "summary", "/summary", "pre", "/pre"})

    def test_summary_says_it(self):
        text = WRITTEN.text("mixed", "md")
        self.assertTrue(text.startswith("## :x: Gate failed: 3 of 6 checks failed, 1 could not be made.\n"))
        self.assertIn("| :x: failed | lost | max&#45;lost | 1.50 KiB | 0 B | 3 |\n", text)
        self.assertIn("| :warning: could not check | growth | max&#45;growth | - | 16 B/iteration | 1 |\n", text)
        self.assertIn("max&#45;lost for &#42;", text)
        self.assertIn("&#60;/failure&#62;", text)
        self.assertTrue(WRITTEN.text("clean", "md").startswith(
            "## :white_check_mark: Gate passed: 2 checks, all within their budgets.\n"))
        self.assertTrue(WRITTEN.text("many", "md").endswith("\n… and 25 more\n"))


if __name__ == "__main__":
    unittest.main()
