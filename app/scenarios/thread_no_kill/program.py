"""A thread can't be killed from outside: it lives until its own code comes to an end.

So one asks it to stop, and it has to look whether it was asked.
"""

import ctypes
import threading
import time

# --- settings: change them and run the program again ---
HOW = "flag"  # "flag", "wait", "exception" or "nothing"
ROUNDS = 8  # that the worker makes if nobody stops it
PAUSE = 0.25  # seconds that it rests after each round
COMPUTE_MS = 10  # computing time of a round
PATIENCE = 0.4  # seconds that main waits before it wants the worker to stop
# --- end of settings ---

stop = threading.Event()


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute():
    until = time.thread_time() + COMPUTE_MS / 1000
    while time.thread_time() < until:
        pass


def work():
    for number in range(1, ROUNDS + 1):
        compute()
        if HOW == "wait":
            stop.wait(timeout=PAUSE)  # a rest that set() ends
        else:
            time.sleep(PAUSE)
        if stop.is_set():
            say(f"worker: I was asked to stop, after round {number}")
            return
    say("worker: all rounds are done")


def raise_in(thread):
    """Let CPython raise SystemExit in the thread, at its next bytecode. Never do this at home."""
    ident = ctypes.c_ulong(thread.ident)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))


def main():
    worker = threading.Thread(target=work, name="worker")
    worker.start()
    methods = [name for name in ("terminate", "kill", "stop") if hasattr(worker, name)]
    say(f"methods to end a thread: {', '.join(methods) or 'none'}")
    worker.join(timeout=PATIENCE)
    say(f"main: join() came back, alive: {worker.is_alive()}")
    if HOW == "exception":
        raise_in(worker)
    elif HOW != "nothing":
        stop.set()
    worker.join()
    say("main: the worker has ended")


if __name__ == "__main__":
    main()
