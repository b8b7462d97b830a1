"""Ann and Bob share one fork and one bowl of noodles, and need both to eat.

Each takes one thing and then waits for the other's: nobody can go on. Three ways to mend it.
"""

import random
import threading
import time

# --- settings: change them and run the program again ---
VARIANT = "broken"  # "broken", "ordered", "timeout" or "one-lock"
MEALS = 20  # that each of them wants to eat
PATIENCE = 2.5  # seconds after which main gives up waiting for them
# --- end of settings ---

fork = threading.Lock()
noodles = threading.Lock()
table = threading.Lock()
seated = threading.Barrier(2)


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(turns=60_000):
    total = 0
    for number in range(turns):
        total += number % 7


def eat_with_both(first, second):
    with first:
        compute()
        with second:
            compute()


def eat_or_put_back(first, second):
    while True:
        with first:
            compute()
            if second.acquire(timeout=0.02):
                compute()
                second.release()
                return
        time.sleep(random.uniform(0.001, 0.01))  # let the other one have it, then try again


def eat_alone(first, second):
    with table, first, second:
        compute()


def dine(first, second):
    eat = {"timeout": eat_or_put_back, "one-lock": eat_alone}.get(VARIANT, eat_with_both)
    seated.wait()  # both sit down before either eats
    for _ in range(MEALS):
        eat(first, second)
    say(f"{threading.current_thread().name} has eaten {MEALS} times")


def main():
    # daemon: so that the program can end although they are stuck
    ann = threading.Thread(target=dine, args=(fork, noodles), name="Ann", daemon=True)
    crossed = (fork, noodles) if VARIANT == "ordered" else (noodles, fork)
    bob = threading.Thread(target=dine, args=crossed, name="Bob", daemon=True)
    ann.start()
    bob.start()
    until = time.monotonic() + PATIENCE
    for guest in [ann, bob]:
        guest.join(timeout=max(0, until - time.monotonic()))
    stuck = [guest.name for guest in [ann, bob] if guest.is_alive()]
    say(f"stuck: {' and '.join(stuck)}" if stuck else "both have eaten")


if __name__ == "__main__":
    main()
