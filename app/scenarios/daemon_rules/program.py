"""Two rules for daemon processes, and what Python says to who breaks them.

A process is made a daemon before start() or not at all; and a daemon has no children of its own.
"""

import time
import traceback
from multiprocessing import Process

# --- settings: change them and run the program again ---
WHEN = "late"  # worker is made a daemon "early": before start(), or "late": after it
BOSS_IS_DAEMON = True  # boss wants to start a helper
WORK_MS = 400  # computing time of worker
HELP_MS = 50  # computing time of the helper
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def lead():
    helper = Process(target=compute, args=(HELP_MS,), name="helper")
    try:
        helper.start()
    except AssertionError:
        say("boss: refused\n" + traceback.format_exc())
    else:
        helper.join()
        say("boss: my helper is done")


def main():
    worker = Process(target=compute, args=(WORK_MS,), name="worker")
    if WHEN == "early":
        worker.daemon = True
    worker.start()
    if WHEN == "late":
        try:
            worker.daemon = True
        except AssertionError:
            say("main: refused\n" + traceback.format_exc())
    say(f"main: worker is a daemon: {worker.daemon}")
    boss = Process(target=lead, name="boss", daemon=BOSS_IS_DAEMON)
    boss.start()
    boss.join()
    say("main: my code is over")


if __name__ == "__main__":
    main()
