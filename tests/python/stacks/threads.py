"""Threads: started by threading, pools, timers; several alive at once, each with a stack of its own."""
import concurrent.futures
import queue
import threading
from stackprobe import call_in_thread, probe


def work(n):
    probe("thread")
    deeper(n)


def deeper(n):
    if n:
        deeper(n - 1)
    else:
        probe("deep in a thread")


threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

with concurrent.futures.ThreadPoolExecutor(2) as pool:
    list(pool.map(work, range(4)))

# Two threads take turns: each allocation comes while the other stands somewhere else.
turns = [queue.Queue(), queue.Queue()]


def takes_turns(me, n):
    for _ in range(n):
        turns[me].get()
        if me:
            deeper(3)
        else:
            probe("in turn")
        turns[1 - me].put(None)


pair = [threading.Thread(target=takes_turns, args=(me, 5)) for me in (0, 1)]
turns[0].put(None)
for thread in pair:
    thread.start()
for thread in pair:
    thread.join()
call_in_thread(lambda: work(2))
timer = threading.Timer(0, work, args=(1,))
timer.start()
timer.join()
probe("main again")
