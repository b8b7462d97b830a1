"""gevent: greenlets with an event loop. Who waits by its means lets the others run meanwhile.

Patched, the standard library waits by its means, too; unpatched, time.sleep holds up everybody.
"""

import time

try:
    import gevent
    from gevent import monkey
except ImportError:
    raise SystemExit("This program needs the package gevent: python -m pip install gevent")

# --- settings: change them and run the program again ---
PATCH = True  # let gevent replace the waiting functions of the standard library
WAIT = "time.sleep"  # how each greenlet waits: "time.sleep" or "gevent.sleep"
GREENLETS = 4
SECONDS = 0.15  # the first one waits so long, the second twice as long, and so on
# --- end of settings ---


def fetch(number):
    print(f"fetch {number} begins", flush=True)
    if WAIT == "time.sleep":
        time.sleep(number * SECONDS)
    else:
        gevent.sleep(number * SECONDS)
    print(f"fetch {number} is done", flush=True)


def main():
    if PATCH:
        monkey.patch_all()
    before = time.perf_counter()
    greenlets = [gevent.spawn(fetch, number) for number in range(1, GREENLETS + 1)]
    print("main: all are spawned", flush=True)
    gevent.joinall(greenlets)
    print(f"main: it took {time.perf_counter() - before:.2f} s", flush=True)


if __name__ == "__main__":
    main()
