"""A server's threads each remember whom they serve. Do they mix it up?"""

import contextvars
import threading
import time

# --- settings: change them and run the program again ---
KIND = "local"  # "global", "local" or "contextvar"
THREADS = 4
COMPUTE_MS = 10  # computing time between remembering and asking
PAUSE = 0.15  # seconds that each waits meanwhile, for a database, say
# --- end of settings ---


class Plain:
    """An object like any other: all threads see the same."""


seen_by_all = Plain()
own = threading.local()  # each thread sees attributes of its own
user = contextvars.ContextVar("user", default="nobody")  # each context has a value of its own


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def remember(name):
    if KIND == "contextvar":
        user.set(name)
    else:
        place = own if KIND == "local" else seen_by_all
        place.user = name


def remembered():
    if KIND == "contextvar":
        return user.get()
    place = own if KIND == "local" else seen_by_all
    return getattr(place, "user", "nobody")


def serve():
    name = threading.current_thread().name
    say(f"{name} begins with {remembered()}")
    remember(name)
    until = time.thread_time() + COMPUTE_MS / 1000
    while time.thread_time() < until:
        pass
    time.sleep(PAUSE)
    say(f"{name} remembers {remembered()}")


def main():
    remember("main")
    threads = [threading.Thread(target=serve, name=f"server-{n}") for n in range(1, THREADS + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(f"main remembers {remembered()}")


if __name__ == "__main__":
    main()
