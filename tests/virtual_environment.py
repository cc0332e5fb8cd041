"""Environments of Python with packages from its index, made once in the build folder and used by several tests at a time."""
import fcntl
import os
import shutil
import subprocess


def make(folder, interpreter, packages):
    """(its Python, None), or (None, the reason) where it cannot be made."""
    python, stamp = os.path.join(folder, "bin", "python3"), os.path.join(folder, "complete")
    wanted = "\n".join([interpreter] + packages)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(stamp):
            with open(stamp, encoding="utf-8") as file:
                if file.read() == wanted:
                    return python, None
        shutil.rmtree(folder, ignore_errors=True)
        for command in ([interpreter, "-m", "venv", folder], [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"] + packages):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
            if done.returncode != 0:
                return None, "no environment with %s: %s" % (", ".join(packages), (done.stdout.strip().splitlines() or ["no reason given"])[-1])
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(wanted)
    return python, None


PEERS = ["objgraph", "guppy3", "numpy"]      # what reference graphs are compared with, and whose objects they have to know


def add_peers_option(parser):
    parser.add_argument("--environment", metavar="FOLDER", help="where the interpreter's environment with its peers is, or comes")


def use_peers(arguments):
    """Puts the environment's interpreter in the place of the one that the options name."""
    if arguments.environment:
        python, why_not = make(os.path.abspath(arguments.environment), arguments.python, PEERS)
        arguments.python = python or arguments.python
        print(why_not or "with " + ", ".join(PEERS), flush=True)
