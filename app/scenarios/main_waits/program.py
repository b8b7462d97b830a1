"""Main's code comes to its end while other threads still work. Does the process end with it?"""

import os
import sys
import threading
import time

# --- settings: change them and run the program again ---
ENDING = "returns"  # main's code "returns", "raises", calls "sys.exit" or "os._exit"
THREADS = 2
MAIN_SECONDS = 0.3  # how long main's own code takes
WORK_SECONDS = 0.6  # the first thread works so long, the second twice as long, and so on
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def work(number):
    until = time.monotonic() + number * WORK_SECONDS
    steps = 0
    while time.monotonic() < until:
        steps += sum(range(10_000))
        time.sleep(0.05)  # waits for the next task
    say(f"worker-{number}: my code is over")


def main():
    for number in range(1, THREADS + 1):
        # daemon=False is what a thread is if nothing else is said
        threading.Thread(target=work, args=(number,), name=f"worker-{number}", daemon=False).start()
    time.sleep(MAIN_SECONDS)
    say("main: my code is over")
    if ENDING == "raises":
        raise RuntimeError("main has failed")
    if ENDING == "sys.exit":
        sys.exit(3)
    if ENDING == "os._exit":
        os._exit(4)  # ends the process as it is: no waiting, no finally, no atexit


if __name__ == "__main__":
    main()
