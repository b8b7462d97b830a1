"""The programs that the timeline and the judge both watch."""

PROGRAMS = {
    "computing threads": """
import threading
def work():
    n = 0
    for k in range(6_000_000): n += k % 7
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
""",
    "processes on one CPU": """
import os
from multiprocessing import Process
def work():
    n = 0
    for k in range(6_000_000): n += k % 7
if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    children = [Process(target=work) for _ in range(3)]
    for c in children: c.start()
    for c in children: c.join()
""",
    "lock convoy": """
import threading
lock = threading.Lock()
def work():
    for _ in range(300):
        with lock:
            n = 0
            for k in range(3_000): n += k
threads = [threading.Thread(target=work) for _ in range(6)]
for t in threads: t.start()
for t in threads: t.join()
""",
    "pipe ping-pong": """
from multiprocessing import Pipe, Process
def answer(end):
    while (ball := end.recv()) is not None: end.send(ball)
if __name__ == "__main__":
    mine, theirs = Pipe()
    child = Process(target=answer, args=(theirs,)); child.start()
    for n in range(8_000):
        mine.send(n); mine.recv()
    mine.send(None); child.join()
""",
    "200 mixed threads": """
import threading, time
def sleeps():
    for _ in range(30): time.sleep(0.02)
def computes():
    n = 0
    for k in range(150_000): n += k % 7
threads = [threading.Thread(target=sleeps if k % 2 else computes) for k in range(200)]
for t in threads: t.start()
for t in threads: t.join()
""",
}
