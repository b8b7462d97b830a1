"""What the GIL's judge is asked about, where it is not asked about single calls."""

from __future__ import annotations

from benchmarks.truth import programs

PROGRAMS = {
    "computing threads": programs.PROGRAMS["computing threads"],
    "lock convoy": programs.PROGRAMS["lock convoy"],
    "I/O mix": """
import os, socket, threading, time
def computes():
    n = 0
    for k in range(3_000_000): n += k % 7
def sleeps():
    for _ in range(60): time.sleep(0.01)
def writes(name):
    with open(name, "w") as file:
        for k in range(300):
            file.write("line\\n" * 400); file.flush()
def answers(end):
    while (ball := end.recv(100)): end.sendall(ball)
def asks(end):
    for _ in range(300):
        end.sendall(b"ball"); end.recv(100)
    end.close()
mine, theirs = socket.socketpair()
threads = [threading.Thread(target=computes), threading.Thread(target=computes),
           threading.Thread(target=sleeps), threading.Thread(target=writes, args=("lines.txt",)),
           threading.Thread(target=answers, args=(theirs,)),
           threading.Thread(target=asks, args=(mine,))]
for t in threads: t.start()
for t in threads: t.join()
""",
}
