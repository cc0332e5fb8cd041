"""The findings that tests/unit/test_gate_output.c crafts, written in every format into a folder, and read back."""
import json
import os
import subprocess
import tempfile

SAMPLES = ["clean", "mixed", "unchecked", "nothing", "many", "random"]
LOST = "\N{REPLACEMENT CHARACTER}"

# What the sample "mixed" says of its worst leak, once what is no UTF-8 is replaced: JSON keeps control characters, XML and
# workflow commands cannot.
FUNCTION = "f<\"&'\x01\x1b[31m" + LOST + "ä{lambda(int)#1}[](int)]]>|`*"
FILE = "src/a dir/100%0A,a:b\"<&>ä" + LOST + ".c"
MESSAGE = "1.50 KiB in 3 blocks of f{0}[](int) are lost\n::error::injected\r\n]]> </failure> \x01" + LOST + " | `x`"


def visible(text):
    """Control characters replaced as in formats that have no place for them."""
    return "".join(LOST if ord(c) < 32 and c not in "\t\n\r" else c for c in text)


class Written:
    """A folder with all formats of all samples, for as long as the context lasts."""

    def __init__(self, driver):
        self.driver = driver
        self.folder = None

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="heapline-gate-")
        subprocess.run([self.driver, self.folder.name], check=True, timeout=60)
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def path(self, sample, extension):
        return os.path.join(self.folder.name, sample + "." + extension)

    def text(self, sample, extension):
        with open(self.path(sample, extension), encoding="utf-8", newline="") as file:
            return file.read()

    def json(self, sample, extension):
        return json.loads(self.text(sample, extension))
