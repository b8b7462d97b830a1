"""Who collects garbage, and when? Notes say: a thread of its own. Python tells it otherwise.

CPython frees an object that nothing refers to any more at once, by counting references. Objects
that refer to each other in a circle must be found: this is what the collector does.
"""

import gc
import threading
import time

# --- settings: change them and run the program again ---
GARBAGE = "cycles"  # the maker leaves "cycles" or "plain" objects behind
COLLECT = "automatic"  # "automatic", "by-main" (gc.collect() in main) or "off"
OBJECTS = 200_000  # that the maker makes and drops
THRESHOLD = 40_000  # objects more than were freed, then it is time to collect
# --- end of settings ---

freed = 0


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


class Node:
    def __init__(self):
        self.other = self if GARBAGE == "cycles" else None

    def __del__(self):
        global freed
        freed += 1


def watch(phase, info):
    """The collector calls this itself, before and after each collection."""
    if phase == "start":
        say(f"collecting, in thread {threading.current_thread().name}")


def make_garbage():
    for _ in range(OBJECTS):
        Node()  # dropped in the same moment
    say(f"maker: {OBJECTS} objects dropped, {freed} freed")


def do_other_work(done):
    turns = 0
    while not done.is_set():  # makes no objects that could be part of a circle
        turns += 1
        if turns % 1000 == 0:
            time.sleep(0.01)


def main():
    gc.collect()  # begin with a clean house
    gc.callbacks.append(watch)
    gc.set_threshold(THRESHOLD)
    if COLLECT != "automatic":
        gc.disable()
    done = threading.Event()
    maker = threading.Thread(target=make_garbage, name="maker")
    other = threading.Thread(target=do_other_work, args=(done,), name="other")
    other.start()
    maker.start()
    maker.join()
    if COLLECT == "by-main":
        gc.collect()
    say(f"main: {freed} freed")
    done.set()
    other.join()
    gc.callbacks.remove(watch)


if __name__ == "__main__":
    main()
