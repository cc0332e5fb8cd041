"""Counts reach heapline however the process ends, and those of a parent are not handed over again by its children: ends.py HOW"""
import multiprocessing
import os
import sys

from heapline import profile


@profile
def work():
    return 1


def child():
    work()


def main(how):
    for _ in range(3):
        work()
    if how == "exit":
        sys.exit(0)
    if how == "_exit":
        os._exit(0)
    if how == "exec":
        os.execv(sys.executable, [sys.executable, "-c", "pass"])
    if how == "fork":
        pid = os.fork()
        work()
        if pid:
            os.waitpid(pid, 0)
        os._exit(0)
    if how == "multiprocessing":
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        process.join()


main(sys.argv[1])
