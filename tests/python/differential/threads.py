# Threads one after the other, each with memory of its own, thread-local data, and blocks handed from one to the next.
import os
import threading

kept, local = [], threading.local()


def work(n):
    local.data = [bytes(600 + n) for _ in range(10)]
    mine = []
    for i in range(50):
        mine.append("thread %d item %d" % (n, i))
    kept.append(mine)


for number in range(8):
    thread = threading.Thread(target=work, args=(number,), name="worker %d" % number)
    thread.start()
    thread.join()
    while len(os.listdir("/proc/self/task")) > 1:      # it gives back its state after it lets those go on who joined it
        os.sched_yield()
del kept[::2]
