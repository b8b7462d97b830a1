"""What is running when it is hit."""

#: All that could escape: a child, one in a session of its own, an orphan twice forked away whose
#: environment is cleared, and names in shared memory; none ends by itself, and none by SIGTERM.
TREE = """
import os, signal, sys, time
from multiprocessing import get_context, shared_memory
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def stay():
    while True: time.sleep(60)
if __name__ == '__main__':
    lock = get_context('spawn').Lock()
    memory = shared_memory.SharedMemory(create=True, size=100)
    if os.fork() == 0: stay()
    if os.fork() == 0: os.setsid(); stay()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork() == 0:
            argv = [sys.executable, '-S', '-c', 'import time; time.sleep(600)']
            os.execve(argv[0], argv, {})
        os._exit(0)
    os.waitpid(pid, 0)
    with open('here', 'w'): pass
    stay()
"""

#: Much is still to be told when it has ended: the worker is finishing when it is hit.
BACKLOG = """
import queue, threading, time
q, end = queue.Queue(4), time.monotonic() + 2
def put():
    while time.monotonic() < end: q.put(1)
    q.put(None)
def get():
    while q.get() is not None: pass
threads = [threading.Thread(target=f) for f in (put, get, put, get)]
for t in threads: t.start()
for t in threads: t.join()
"""

PROGRAMS = {"running": TREE, "finishing": BACKLOG, "starting": TREE}
