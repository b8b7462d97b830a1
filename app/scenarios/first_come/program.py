"""Ten processes compute for different times. Whose result is taken first?

From one queue for all, whoever is done first; from a pipe each, in the order we ask.
"""

import random
import time
from multiprocessing import Pipe, Process, Queue

# --- settings: change them and run the program again ---
TAKE = "as they come"  # "as they come" or "in order"
WORKERS = 10
STEP_MS = 10  # the quickest worker computes so long, the slowest WORKERS times as long
SEED = 1  # chooses who is quick and who is slow
# --- end of settings ---


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def work(number, milliseconds, send):
    compute(milliseconds)
    say(f"result {number} is done")
    send(number)


def as_they_come(times):
    queue = Queue()
    for number, milliseconds in enumerate(times, 1):
        args = (number, milliseconds, queue.put)
        Process(target=work, args=args, name=f"worker-{number}").start()
    for _ in times:
        say(f"main: has result {queue.get()}")


def in_order(times):
    receivers = []
    for number, milliseconds in enumerate(times, 1):
        receiver, sender = Pipe(duplex=False)
        args = (number, milliseconds, sender.send)
        Process(target=work, args=args, name=f"worker-{number}").start()
        receivers.append(receiver)
    for receiver in receivers:
        say(f"main: has result {receiver.recv()}")


def main():
    times = [STEP_MS * (n + 1) for n in range(WORKERS)]
    random.Random(SEED).shuffle(times)
    say(f"the workers compute for {times} ms")
    if TAKE == "in order":
        in_order(times)
    else:
        as_they_come(times)


if __name__ == "__main__":
    main()
