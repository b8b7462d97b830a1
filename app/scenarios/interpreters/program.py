"""One program on every Python that is found here: what do threads gain on each of them?

Each interpreter runs this very file as a child, one interpreter after the other. It computes all
in one thread, then shares it among threads. Jython is Python 2.7, hence the old style in places.
"""

from __future__ import division, print_function

import os
import platform
import pwd
import subprocess
import sys
import time
from glob import glob
from threading import Thread

# --- settings: change them and run the program again ---
WHICH = "all"  # "own" (the one that runs this), "cpython" or "all"
THREADS = 2
MS = 15  # that a thread's share takes at least
# --- end of settings ---

NAMES = ["python3.%d" % n for n in range(9, 16)] + ["python3.%dt" % n for n in (13, 14, 15)]
WANTED = {"own": [], "cpython": NAMES, "all": NAMES + ["pypy3", "jython"]}


def compute(turns):
    while turns:
        turns -= 1


def in_threads(turns):
    share = (turns // THREADS,)
    threads = [Thread(None, compute, "thread-%d" % n, share) for n in range(1, THREADS + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def seconds(work, turns):
    before = time.time()
    work(turns)
    return time.time() - before


def measure():
    """In the child: find out how many turns take so long, even after a compiler warmed up."""
    turns, one = 10000, 0
    while one < MS / 1000 * THREADS:
        while min(seconds(compute, turns), seconds(compute, turns)) < MS / 1000 * THREADS:
            turns *= 2
        # Of two times the shorter is the one that other programs disturbed less.
        rounds = [(seconds(compute, turns), seconds(in_threads, turns)) for _ in range(2)]
        one, many = map(min, zip(*rounds))
    name = platform.python_implementation()
    lock = getattr(sys, "_is_gil_enabled", lambda: name in ("CPython", "PyPy"))()
    row = (name + " " + platform.python_version(), "GIL" if lock else "none", one, many)
    print("%-16s %-4s %8.3f s %8.3f s %8.2f %9d" % (row + (one / many, os.getpid())))


def main():
    own = "python%d.%d" % sys.version_info[:2] + sys.abiflags
    home = pwd.getpwuid(os.getuid()).pw_dir
    folders = glob(home + "/.pyenv/versions/*/bin") + glob(home + "/.local/share/uv/python/*/bin")
    folders += os.environ["PATH"].split(os.pathsep)
    print("interpreter      lock one thread  %d threads speed-up   process" % THREADS, flush=True)
    for name in [own] + [name for name in WANTED[WHICH] if name != own]:
        paths = [folder + "/" + name for folder in folders]
        for path in [sys.executable] if name == own else filter(os.path.exists, paths):
            if subprocess.call([path, __file__, "measure"], stderr=subprocess.DEVNULL) == 0:
                break
        else:
            print("%s is not found here" % name, flush=True)


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["measure"] else main()
