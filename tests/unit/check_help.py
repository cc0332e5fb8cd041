#!/usr/bin/env python3
"""check_help.py HEAPLINE [DOCS]: -h, manual page and completions of every command name the same options and choices.

HEAPLINE is the built command. DOCS is the folder where the manual pages were built: every command has one.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

problems = []


def check(good, sentence):
    if not good:
        problems.append(sentence)


def run(*words, text=None):
    environment = dict(os.environ, COLUMNS="100", LC_ALL="C.UTF-8")
    done = subprocess.run(words, input=text, env=environment, capture_output=True, text=True, check=False)
    check(done.returncode == 0 and not done.stderr, f"{' '.join(words)[:80]}: status {done.returncode}: {done.stderr}")
    return done.stdout


def options_of_help(text):
    """{long name: (letter, argument)} from the section Options of -h."""
    section = text.partition("\nOptions:\n")[2].split("\n\n", 1)[0]
    found = {}
    for letter, name, argument in re.findall(r"^  (?:-(.), |    )--(\S+)(?: (?! )(\S+(?: \S+)*))?(?:  |$)", section, re.M):
        found[name] = (letter, argument)
    return found


def options_of_man(source):
    found = {}
    for letter, name, arguments in re.findall(r"^\.It (?:Fl (\S) , )?Fl \\-(\S+)(.*)$", source, re.M):
        words = [word.replace("\\&", "") for word in arguments.split() if word != "Ar"]
        found[name.replace("\\&", "").replace("\\-", "-")] = (letter, " ".join(words).replace("\\-", "-"))
    return found


def section_of_man(source, command):
    """The part of a page that is about the command itself, or about one of its verbs."""
    before, *verbs = re.split(r"^\.Ss heapline ", source, flags=re.M)
    for section in verbs:
        if section.startswith(command + "\n"):
            return section
    return before


def verbs_of_help(text):
    """The verbs of a command, from its -h."""
    return re.findall(r"^  ([a-z]+) ", text.partition("\nVerbs:\n")[2].split("\n\n", 1)[0], re.M)


def check_verbs(command, verbs, scripts):
    """Behind the command's name, shells complete its verbs."""
    words = run("bash", "-c", scripts["bash"] + f"\n_heapline_operands {command}").split()
    check(words == ["@verb", *verbs], f"{command}: -h has the verbs {verbs}, bash completes {words}")
    zsh = scripts["zsh"].split(f"\n        '{command}')\n", 1)[1].split(";;", 1)[0]
    check(f"'1:verb:({' '.join(verbs)})'" in zsh, f"{command}: zsh does not complete {verbs}")
    fish = re.findall(rf"^complete -c heapline -n '__heapline_in {command}; and __heapline_no_verb' -x -a (\S+)", scripts["fish"], re.M)
    check(fish == verbs, f"{command}: -h has the verbs {verbs}, fish completes {fish}")


def options_of_bash(script, command):
    words = run("bash", "-c", script + f"\n_heapline_options '{command}'").split()
    return {word for word in words if word.startswith("--")}, {word for word in words if not word.startswith("--")}


def choices_of_bash(script, command, name):
    """The values of an option, or None when it takes none."""
    words = run("bash", "-c", script + f"\n_heapline_value '{command}' --{name} || echo none").split()
    return None if words == ["none"] else words


def options_of_zsh(script, command):
    section = script.split(f"\n        '{command}')\n", 1)[1].split(";;", 1)[0]
    longs, shorts = set(), set()
    for line in section.splitlines()[1:]:
        names = re.split(r"[\[:]", line.split("}")[0] if "}" in line else line, maxsplit=1)[0]
        names = re.sub(r"^\s*'\(.*?\)'", "", names)
        longs.update(re.findall(r"--[\w-]+", names))
        shorts.update(re.findall(r"(?<![\w-])-\w(?![\w-])", names))
    return longs, shorts


def options_of_fish(script, command):
    longs, shorts = set(), set()
    for line in re.findall(rf"^complete -c heapline -n '__heapline_in {command}['; ](?! *[a-z]+').*$", script, re.M):
        before_help = line.split(" -d ", 1)[0]
        longs.update("--" + name for name in re.findall(r" -l (\S+)", before_help))
        shorts.update("-" + letter for letter in re.findall(r" -s (\S)", before_help))
    return longs, shorts


def check_command(heapline, command, scripts):
    words = command.split()
    text = run(heapline, *words, "-h")
    check(text == run(heapline, "help", *words), f"{command}: -h and \"help {command}\" differ")
    check(all(len(line) <= 100 for line in text.splitlines()), f"{command}: -h has lines of more than 100 columns")
    options = options_of_help(text)
    check("help" in options, f"{command}: -h does not name --help")
    man = options_of_man(section_of_man(run(heapline, "help", "--man", words[0]), command))
    check(man == options, f"{command}: -h has {options}, the manual page {man}")

    longs = {"--" + name for name in options}
    shorts = {"-" + letter for letter, _ in options.values() if letter}
    for shell, read in (("bash", options_of_bash), ("zsh", options_of_zsh), ("fish", options_of_fish)):
        got = read(scripts[shell], command)
        check(got == (longs, shorts), f"{command}: -h has {sorted(longs | shorts)}, {shell} completes {sorted(got[0] | got[1])}")
    for name, (_, argument) in options.items():
        values = choices_of_bash(scripts["bash"], command, name)
        check((values is not None) == bool(argument), f"{command}: --{name} is a flag in one of -h and bash, not in the other")
        named = all(value.startswith("@") or value in text for value in values or [])
        check(named, f"{command}: -h does not name {values} of --{name}")


def check_syntax(scripts):
    """With the shells that are there; bash always is."""
    for shell, script in scripts.items():
        if shell == "bash" or shutil.which(shell):
            with tempfile.NamedTemporaryFile("w", suffix="." + shell) as file:
                file.write(script)
                file.flush()
                run(shell, "-n", file.name)


def check_manual(heapline, commands):
    if not shutil.which("mandoc"):
        return
    for page in ([], *([command] for command in commands)):
        run("mandoc", "-T", "lint", "-W", "warning", text=run(heapline, "help", "--man", *page))


def main():
    heapline = sys.argv[1]
    overview = run(heapline, "help")
    commands = re.findall(r"^  ([a-z]+) ", overview.split("\nCommands:\n", 1)[1].split("\n\n", 1)[0], re.M)
    wanted = {"run", "report", "lines", "tree", "graph", "export", "dump", "help", "completion"}
    check(wanted <= set(commands), f"commands are missing: {commands}")
    scripts = {shell: run(heapline, "completion", shell) for shell in ("bash", "zsh", "fish")}
    for command in commands:
        check_command(heapline, command, scripts)
        verbs = verbs_of_help(run(heapline, command, "-h"))
        for verb in verbs:
            check_command(heapline, f"{command} {verb}", scripts)
        if verbs:
            check_verbs(command, verbs, scripts)
        if len(sys.argv) > 2:
            page = os.path.join(sys.argv[2], f"heapline-{command}.1")
            check(os.path.exists(page), f"{page} was not built: name it in docs/meson.build")
    check_syntax(scripts)
    check_manual(heapline, commands)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
