#!/usr/bin/env python3
"""check_command.py HEAPLINE: what the command does before any verb runs, and when its output has nowhere to go."""

import os
import re
import subprocess
import sys
import unittest

HEAPLINE = sys.argv.pop(1)


def run(*words, **more):
    return subprocess.run([HEAPLINE, *words], stderr=subprocess.PIPE, text=True, check=False, **more)


class Command(unittest.TestCase):
    def assert_fails(self, done, sentence):
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, sentence and f"heapline: {sentence}\n")

    def test_alone(self):
        done = run(stdout=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, run("help", stdout=subprocess.PIPE).stdout)

    def test_version(self):
        for option in ("--version", "-V"):
            done = run(option, stdout=subprocess.PIPE)
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, r"^heapline \d+\.\d+\.\d+\n$")

    def test_help(self):
        for words in (["-h"], ["--help"], ["help"]):
            done = run(*words, stdout=subprocess.PIPE)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith("Usage: heapline COMMAND "))
            self.assertFalse(re.search(r"[ \t]$", done.stdout, re.M))

    def test_what_a_terminal_would_obey(self):
        done = run("lines", "no\x1b[31m\nsuch\x07.hpl", stdout=subprocess.PIPE)
        self.assert_fails(done, "cannot open 'no?[31m such?.hpl': No such file or directory")

    def test_unknown(self):
        self.assert_fails(run("hlep"), 'unknown command "hlep"; did you mean "heapline help"?')
        self.assert_fails(run("/bin/ls"), 'unknown command "/bin/ls"; "heapline help" lists the commands, '
                                         '"heapline run /bin/ls" profiles a program')
        self.assert_fails(run("-x"), 'unknown option -x; options stand behind a command, and "heapline help" lists the commands')
        self.assert_fails(run("help", "reprot"), 'help: no command is called "reprot"; did you mean "heapline help report"?')
        self.assert_fails(run("help", "run", "b"), 'help: one command at a time, not "b" as well')
        self.assert_fails(run("completion", "csh"), 'completion: there is no script for "csh"; did you mean zsh?')
        self.assert_fails(run("completion", "powershell"),
                          'completion: there is no script for "powershell", only for bash, zsh and fish')
        self.assert_fails(run("completion"), "completion: name one shell: heapline completion bash|zsh|fish")

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            for words in (["help"], ["help", "completion"], ["--version"]):
                self.assert_fails(run(*words, stdout=full), "the output could not be written to stdout (No space left on device)")

    def test_full_disk_in_the_middle(self):
        """More than one buffer: the first write fails, and its cause is gone when the last is made."""
        with open("/dev/full", "w", encoding="ascii") as full:
            done = run("completion", "bash", stdout=full)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, "^heapline: the output could not be written to stdout[^\n]*\n$")

    def test_closed_output(self):
        done = run("help", preexec_fn=lambda: os.close(1))
        self.assert_fails(done, "the output could not be written to stdout (Bad file descriptor)")

    def test_nothing_to_say_to_a_closed_output(self):
        self.assert_fails(run("hlep", preexec_fn=lambda: os.close(1)), 'unknown command "hlep"; did you mean "heapline help"?')

    def test_reader_went_away(self):
        reading, writing = os.pipe()
        os.close(reading)
        self.assert_fails(run("help", stdout=writing, restore_signals=False), "")
        os.close(writing)


if __name__ == "__main__":
    unittest.main()
