"""A child made by spawn imports this file again. What runs then, with a guard and without?

A process made by fork goes on with what its parent has in memory, and imports nothing.
"""

import multiprocessing
import os
import time

# --- settings: change them and run the program again ---
METHOD = "spawn"  # "fork", "spawn" or "forkserver"
GUARD = False  # is main() called by the process alone that this file was started as?
WORK_MS = 200  # computing time of the child
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


say(f"process {os.getpid()} reads this file, as {__name__}")


def work():
    say("child: at work")
    until = time.process_time() + WORK_MS / 1000
    while time.process_time() < until:
        pass
    say("child: done")


def main():
    say(f"main() of process {os.getpid()} starts a child")
    child = multiprocessing.get_context(METHOD).Process(target=work, name="child")
    child.start()
    child.join()
    say(f"main() of process {os.getpid()}: the child's exit code is {child.exitcode}")


if not GUARD and __name__ != "__main__":
    main()  # a file without the line below calls main() in every process that reads it

if __name__ == "__main__":
    main()
