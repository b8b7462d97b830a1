"""Generators as coroutines: a scheduler of ten lines resumes them in turn.

A generator runs until its next yield, and goes on there when it is resumed.
"""

import time
from collections import deque

# --- settings: change them and run the program again ---
WORKERS = 3
STEPS = 5  # of each worker
MS = 5  # that it computes in each step
DELEGATE = False  # each step is a generator of its own, entered by "yield from"
# --- end of settings ---


def compute(milliseconds):
    until = time.thread_time() + milliseconds / 1000
    while time.thread_time() < until:
        pass


def step():
    compute(MS)
    answer = yield
    return answer


def work(name):
    for number in range(1, STEPS + 1):
        if DELEGATE:
            answer = yield from step()
        else:
            compute(MS)
            answer = yield  # what the scheduler sends is the value of this yield
        if answer != f"go on after {number}":
            raise ValueError(answer)
    return f"{name} is done"


def run_all(generators):
    """Round robin: whoever has had a turn goes to the end of the line."""
    ready = deque((generator, None, 1) for generator in generators)
    while ready:
        generator, message, number = ready.popleft()
        try:
            generator.send(message)  # the first message must be None
        except StopIteration as stop:  # its return value travels in it
            print(stop.value, flush=True)
        else:
            ready.append((generator, f"go on after {number}", number + 1))


def main():
    names = [f"worker {n}" for n in range(1, WORKERS + 1)]
    run_all([work(name) for name in names])


if __name__ == "__main__":
    main()
