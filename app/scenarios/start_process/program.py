"""Three ways to start a process, and what each of them costs.

fork copies the running process; spawn starts a new interpreter that imports this file again;
forkserver asks a small helper process, started once, to fork for it.
"""

import multiprocessing
import os
import time

# --- settings: change them and run the program again ---
METHOD = "all"  # "fork", "forkserver", "spawn", or "all" of them in turn
HOW = "function"  # give Process a "function", or make a "subclass" with run()
CHILDREN = 3  # processes started by each method
WORK = 1_000_000  # turns of the loop that each child computes
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(turns):
    total = 0
    for number in range(turns):
        total += number % 7
    return total


def greet(greeting, *, turns):
    name = multiprocessing.current_process().name
    say(f"{name}: {greeting}, my parent is {os.getppid()}")
    compute(turns)
    say(f"{name}: done")


class Greeter:
    """Mixed into the Process class of a start method: what run() does, the process does."""

    def run(self):
        greet("hello from run()", turns=WORK)


class ForkGreeter(Greeter, multiprocessing.get_context("fork").Process):
    pass


class ForkserverGreeter(Greeter, multiprocessing.get_context("forkserver").Process):
    pass


class SpawnGreeter(Greeter, multiprocessing.get_context("spawn").Process):
    pass


SUBCLASSES = {"fork": ForkGreeter, "forkserver": ForkserverGreeter, "spawn": SpawnGreeter}


def main():
    say(f"main: I am {os.getpid()}")
    for method in ["fork", "forkserver", "spawn"] if METHOD == "all" else [METHOD]:
        for number in range(1, CHILDREN + 1):
            name = f"{method}-{number}"
            if HOW == "subclass":
                child = SUBCLASSES[method](name=name)
            else:
                Process = multiprocessing.get_context(method).Process
                child = Process(target=greet, args=("hello",), kwargs={"turns": WORK}, name=name)
            say(f"main: starting {name}")
            before = time.perf_counter()
            child.start()
            took = time.perf_counter() - before
            say(f"main: start() of {name} came back after {took * 1000:.1f} ms")
            child.join()


if __name__ == "__main__":
    main()
