"""The table of disagreements in docs/leak-accuracy.md is what the programs' comments say."""
import os

from expectations import Expectation, all_programs, say
from harness import expect_equal
from verdicts import FOLDER

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "leak-accuracy.md")
HEAD = "| program | line | heapline | valgrind | why |"


def rows():
    found = []
    for program in all_programs(FOLDER):
        for (file, number), text in program.texts.items():
            if "$" in text or program.text_of(text) == "any" or program.case not in (None, first_case(program)):
                continue
            expectation = Expectation(program.text_of(text), {})
            if expectation.valgrind and not program.one("limit"):
                cells = (f"{file}:{number}", say(expectation.sums), say(expectation.by_valgrind()), program.one("why"))
                found.append(f"| {program.binary} | {' | '.join(cells)} |")
    return found


def first_case(program):
    return program.directives["case"][0].partition(":")[0] if "case" in program.directives else None


def check(_):
    with open(DOCUMENT, encoding="utf-8") as file:
        lines = file.read().splitlines()
    at = lines.index(HEAD) + 2
    table = lines[at:next(i for i in range(at, len(lines) + 1) if i == len(lines) or not lines[i].startswith("|"))]
    expect_equal("docs/leak-accuracy.md, disagreements with valgrind", table, rows())


def scenarios():
    return [("disagreements-table", "verdicts", check)]
