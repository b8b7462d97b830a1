"""What a Process object tells of its process, and how it ends one.

"quick" ends by itself. Of those that shall be ended, "plain" dies of the signal at once, "tidy"
clears up first, and "stubborn" takes no notice of it.
"""

import multiprocessing
import signal
import sys
import time

# --- settings: change them and run the program again ---
METHOD = "fork"  # how processes are started: "fork", "spawn" or "forkserver"
BUSY_MS = 250  # computing time of main before it asks for "quick"
CLEAR_UP_MS = 100  # computing time that "tidy" needs to clear up
PATIENCE = 1.0  # seconds that join() waits for a child that shall end
# --- end of settings ---


context = multiprocessing.get_context(METHOD)


def say(text):
    print(text + "\n", end="", flush=True)  # in one piece, so that lines do not mix


def compute(milliseconds):
    until = time.process_time() + milliseconds / 1000
    while time.process_time() < until:
        pass


def show(child):
    say(f"main: {child.name} is alive: {child.is_alive()}, exit code: {child.exitcode}")


def clear_up(number, frame):
    say("tidy: clearing up")
    compute(CLEAR_UP_MS)
    sys.exit(3)


def serve(on_sigterm, serving):
    signal.signal(signal.SIGTERM, on_sigterm)
    serving.set()
    time.sleep(60)  # nobody wants anything of it


def end(name, on_sigterm):
    serving = context.Event()
    child = context.Process(target=serve, args=(on_sigterm, serving), name=name)
    child.start()
    serving.wait()
    child.terminate()  # sends SIGTERM
    say(f"main: terminate() of {name} is over")
    child.join(timeout=PATIENCE)
    show(child)
    if child.exitcode is None:
        child.kill()  # sends SIGKILL, which nobody can ignore
        child.join()
        show(child)
    child.close()


def main():
    quick = context.Process(target=compute, args=(20,), name="quick")
    say(f"main: before start() pid: {quick.pid}, exit code: {quick.exitcode}")
    quick.start()
    say(f"main: pid: {quick.pid}, ident: {quick.ident}, daemon: {quick.daemon}")
    compute(BUSY_MS)
    say("main: asking for quick")
    show(quick)
    end("plain", signal.SIG_DFL)
    end("tidy", clear_up)
    end("stubborn", signal.SIG_IGN)


if __name__ == "__main__":
    main()
