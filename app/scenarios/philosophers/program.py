"""Philosophers at a round table, one fork between each two; to eat, one needs both at one's side.

If all take the left fork first, each holds one and waits for ever for the next one's. Three ways to
mend it.
"""

import random
import threading
import time

# --- settings: change them and run the program again ---
VARIANT = "naive"  # "naive", "ordered", "waiter" or "asymmetric"
PHILOSOPHERS = 5
MEALS = 4  # that each of them wants
EAT_MS = 8  # computing time of a meal
REACH_MS = 10  # from one fork to the other: a moment in which others can take theirs
PATIENCE = 2.0  # seconds after which main gives up waiting for them
# --- end of settings ---

forks = [threading.Lock() for _ in range(PHILOSOPHERS)]
waiter = threading.Semaphore(PHILOSOPHERS - 1)  # lets all but one to the table
seated = threading.Barrier(PHILOSOPHERS)


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def eat():
    until = time.thread_time() + EAT_MS / 1000
    while time.thread_time() < until:
        pass


def dine_with(first, second):
    with forks[first]:
        time.sleep(REACH_MS / 1000)
        with forks[second]:
            eat()


def dine(number):
    left, right = number, (number + 1) % PHILOSOPHERS
    first, second = left, right
    if VARIANT == "ordered":  # everyone takes the fork with the lower number first
        first, second = min(left, right), max(left, right)
    elif VARIANT == "asymmetric" and number % 2:  # every second one begins with the right
        first, second = right, left
    seated.wait()
    for _ in range(MEALS):
        if VARIANT == "waiter":
            with waiter:
                dine_with(first, second)
        else:
            dine_with(first, second)
        time.sleep(random.uniform(0, 2 * REACH_MS / 1000))  # thinks
    say(f"{threading.current_thread().name} has eaten {MEALS} times")


def main():
    # daemon: so that the program can end although they are stuck
    guests = [
        threading.Thread(target=dine, args=(n,), name=f"philosopher-{n + 1}", daemon=True)
        for n in range(PHILOSOPHERS)
    ]
    for guest in guests:
        guest.start()
    until = time.monotonic() + PATIENCE
    for guest in guests:
        guest.join(timeout=max(0, until - time.monotonic()))
    hungry = sum(guest.is_alive() for guest in guests)
    say(f"{hungry} are still hungry" if hungry else "all have eaten")


if __name__ == "__main__":
    main()
