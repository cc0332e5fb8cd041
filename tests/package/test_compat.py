"""Scripts written for memory_profiler, with the stand-in in front of PYTHONPATH."""
import os
import sys
import tempfile
import unittest

import harness

BARE = "@profile\ndef bare():\n    return 1\n\n\nif __name__ == '__main__':\n    import sys\n    bare()\n    print(sys.argv[1:])\n"


class Compat(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_all(self, arguments, *behind, **environment):
        """Only the stand-in is on the path: heapline itself must be found through it."""
        results = []
        for python in harness.PYTHONS:
            with self.subTest(python=python):
                results.append(harness.run(python, arguments, path=(harness.COMPAT,) + behind, **environment))
                self.assertEqual((results[-1].status, results[-1].errors), (0, ""))
        return results

    def test_unchanged_script(self):
        path = os.path.join(harness.PROGRAMS, "memory_profiler_user.py")
        for result in self.run_all([path]):
            self.assertEqual(result.output, "   4   46.4 MiB    7.6 MiB   1   b = 1\n")
            self.assertEqual([n[1] for n in result.notes if n[0] == "watch"], ["decorated"])
            self.assertEqual(harness.differences(path, result.notes), [])

    def test_bare_decorator(self):
        script = self.write("bare.py", BARE)
        for arguments in ([script, "a"], ["-m", "memory_profiler", "--precision", "4", script, "a"], ["-m", "memory_profiler", "bare", "a"]):
            for result in self.run_all(arguments, self.folder):
                self.assertEqual(result.output, "['a']\n")
                self.assertEqual(harness.executed(result.notes), {1: 1, 3: 1})

    def test_bare_decorator_in_an_imported_module(self):
        self.write("bare.py", BARE)
        for result in self.run_all(["-c", "import bare; bare.bare()"], self.folder):
            self.assertEqual(harness.executed(result.notes), {1: 1, 3: 1})

    def test_heapline_is_imported_only_when_used(self):
        for result in self.run_all(["-c", "import sys; print('heapline' in sys.modules, profile.__name__)"]):
            self.assertEqual(result.output, "False profile\n")

    def test_own_sitecustomize_runs(self):
        self.write("sitecustomize.py", "print('own')\nvalue = 5\n")
        script = "import sitecustomize, builtins; print(sitecustomize.value, hasattr(builtins, 'profile'))"
        for result in self.run_all(["-c", script], self.folder):
            self.assertEqual(result.output, "own\n5 True\n")

    def test_usercustomize_runs(self):
        place = os.path.join(self.folder, "usercustomize.py")
        self.write("usercustomize.py", "print('user', profile.__name__)\n")
        for result in self.run_all(["-c", "import usercustomize; print(usercustomize.__file__)"], self.folder):
            self.assertEqual(result.output.splitlines()[-1], place)
            self.assertEqual(result.output.count("user profile"), 1)

    def test_no_sitecustomize_anywhere(self):
        script = ("import sys, site, warnings, importlib.util, importlib.machinery; sys.path[:] = [%r]; site.execsitecustomize(); "
                  "print(sys.modules.get('sitecustomize'))" % harness.COMPAT)
        for result in self.run_all(["-I", "-S", "-c", script]):
            self.assertEqual(result.output, "None\n")

    def test_the_rest_comes_from_the_real_module(self):
        self.write("memory_profiler.py", "def memory_usage(*arguments):\n    return 'real', arguments[0]\nclass LineProfiler: pass\n")
        script = ("import memory_profiler, sys; from memory_profiler import LineProfiler, profile; print(LineProfiler.__module__, "
                  "memory_profiler.memory_usage(1), memory_profiler.LineProfiler is LineProfiler, sys.modules['memory_profiler'].__file__)")
        for result in self.run_all(["-c", script], self.folder):
            self.assertEqual(result.output, "memory_profiler ('real', 1) True %s/memory_profiler.py\n" % harness.COMPAT)

    def test_without_the_real_module_one_sentence(self):
        script = ("import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]\nimport memory_profiler\n"
                  "try: memory_profiler.LineProfiler\nexcept AttributeError as error: print(error)")
        for result in self.run_all(["-c", script]):
            self.assertEqual(result.output, "memory_profiler.LineProfiler is not among what heapline stands in for, and memory_profiler is not "
                                            "installed\n")


FAKE_COMMAND = "#!/bin/sh\nprintf '%s\\n' \"$@\"\n"


class Command(unittest.TestCase):
    """python -m heapline, of a copy of the package, so that the command of this checkout is not found."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.makedirs(os.path.join(self.folder, "share", "heapline", "python"))
        self.path = os.path.join(self.folder, "share", "heapline", "python")
        os.symlink(os.path.join(harness.SOURCES, "heapline"), os.path.join(self.path, "heapline"))

    def forward(self, *arguments, **environment):
        return harness.run(sys.executable, ["-m", "heapline"] + list(arguments), recorded=False, path=(self.path,), **environment)

    def install(self, *place):
        path = os.path.join(self.folder, *place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(FAKE_COMMAND)
        os.chmod(path, 0o755)

    def test_not_found(self):
        result = self.forward("lines", PATH="/nowhere")
        self.assertEqual((result.status, result.output), (127, ""))
        self.assertIn("heapline: the command heapline is neither", result.errors)
        self.assertEqual(result.errors.count("\n"), 1)

    def test_found_beside_in_checkout_and_on_path(self):
        self.install("elsewhere", "heapline")
        elsewhere = os.path.join(self.folder, "elsewhere")
        self.assertEqual(self.forward("lines", "a.hpl", PATH=elsewhere).output, "lines\na.hpl\n")
        self.install("share", "build", "viewer", "heapline")
        self.install("bin", "heapline")
        self.assertEqual(self.forward("--version", PATH="/nowhere").output, "--version\n")

    def test_scripts_run_by_this_interpreter(self):
        self.install("bin", "heapline")
        for first in ("script.py", "./script", "-m", "app.pyz"):
            result = self.forward(first, "a", "-b")
            self.assertEqual(result.output.splitlines(), ["run", "--memory-profiler", "--", sys.executable, first, "a", "-b"])

    def test_compat_path(self):
        result = self.forward("--compat-path")
        self.assertTrue(os.path.isfile(os.path.join(result.output.strip(), "memory_profiler.py")))


if __name__ == "__main__":
    unittest.main()
