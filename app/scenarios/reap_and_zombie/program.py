"""A child ends while its parent is busy: until the parent asks for it, it is a zombie.

Beside it, a parent that ends before its own child: the orphan gets a new parent.
So it is with fork and spawn. With forkserver the parent of all of them is a server process.
"""

import multiprocessing
import os
import time

# --- settings: change them and run the program again ---
METHOD = "fork"  # how processes are started: "fork", "spawn" or "forkserver"
JOIN = "late"  # "late": after the parent's work, "soon": before it, "never": not called at all
CHILD_SECONDS = 0.2  # how long the child works
PARENT_SECONDS = 1.2  # how long the parent works
ORPHAN = True  # also show a child whose parent ends first
# --- end of settings ---


context = multiprocessing.get_context(METHOD)


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def work():
    compute(CHILD_SECONDS)
    say("child: my work is done")


def have_a_child_and_leave():
    context.Process(target=outlive_it, args=(os.getpid(),), name="orphan").start()
    os._exit(0)  # at once: a process that ends in the usual way waits for its children


def outlive_it(starter):
    say(f"orphan: I was started by {starter}")
    multiprocessing.parent_process().join()  # until the process that started me has ended
    while os.getppid() == starter:
        time.sleep(0.01)
    say(f"orphan: now my parent is {os.getppid()}")
    compute(CHILD_SECONDS)


def main():
    if ORPHAN:
        short_lived = context.Process(target=have_a_child_and_leave, name="short-lived")
        short_lived.start()
        short_lived.join()

    child = context.Process(target=work, name="child")
    child.start()
    if JOIN == "soon":
        child.join()
        say(f"main: joined, exit code {child.exitcode}")
    say("main: working")
    compute(PARENT_SECONDS)
    say("main: my work is done")
    if JOIN == "late":
        child.join()
        say(f"main: joined, exit code {child.exitcode}")


if __name__ == "__main__":
    main()
