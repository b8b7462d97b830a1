"""Several threads ask for the one and only Settings object, at the same time.

__new__ looks whether there is one, and makes it if not. Between looking and keeping what it made, a
second thread may look, too.
"""

import threading
import time

# --- settings: change them and run the program again ---
GUARD = "lock"  # "none", "lock" or "double-checked"
THREADS = 4
READ_MS = 100  # reading the settings takes so long
ASK_AGAIN = 5  # how often each thread asks once more, later
# --- end of settings ---

mutex = threading.Lock()
together = threading.Barrier(THREADS)


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


class Settings:
    _only = None

    def __new__(cls):
        if GUARD == "none":
            return cls._look_or_make()
        if GUARD == "double-checked" and cls._only is not None:
            return cls._only  # once it is there, no lock is needed
        with mutex:
            return cls._look_or_make()  # this looks again: it may be there by now

    @classmethod
    def _look_or_make(cls):
        if cls._only is None:
            made = super().__new__(cls)
            made.read()
            cls._only = made
        return cls._only

    def read(self):
        say(f"{threading.current_thread().name} makes Settings")
        time.sleep(READ_MS / 1000)  # waits for the disk, say


def ask(found):
    together.wait()  # all ask at the same time
    found.append(Settings())
    together.wait()
    for _ in range(ASK_AGAIN):
        found.append(Settings())


def main():
    found = []
    threads = [
        threading.Thread(target=ask, args=(found,), name=f"asker-{n}")
        for n in range(1, THREADS + 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    different = len({id(each) for each in found})
    print(f"{len(found)} times Settings() was called, {different} different objects came of it")


if __name__ == "__main__":
    main()
