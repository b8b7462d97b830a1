"""Threads are started in two ways, and tell who they are; main asks who is alive.

A thread runs inside its process: it has the process's pid, and an id of its own in the kernel.
"""

import os
import threading
import time

# --- settings: change them and run the program again ---
STYLE = "function"  # "function" or "subclass"
THREADS = 3
SECONDS = 0.3  # the first waits so long for its answer, the second twice as long, and so on
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def work(number):
    me = threading.current_thread()
    say(f"{me.name}: pid {os.getpid()}, native id {threading.get_native_id()}")
    time.sleep(number * SECONDS)


class Worker(threading.Thread):
    def __init__(self, number):
        super().__init__(name=f"worker-{number}")
        self.number = number

    def run(self):  # what start() makes the new thread do
        work(self.number)


def make(number):
    if STYLE == "subclass":
        return Worker(number)
    return threading.Thread(target=work, args=(number,), name=f"worker-{number}")


def show_alive():
    names = [thread.name for thread in threading.enumerate()]
    say(f"alive: {', '.join(names)}; active_count: {threading.active_count()}")


def main():
    threads = [make(number) for number in range(1, THREADS + 1)]
    say(f"before start: ident {threads[0].ident}, alive {threads[0].is_alive()}")
    show_alive()
    for thread in threads:
        thread.start()
    show_alive()
    for thread in threads:
        thread.join()
        show_alive()


if __name__ == "__main__":
    main()
