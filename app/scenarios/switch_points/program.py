"""At which bytecodes may Python interrupt a thread? Shown for a line that adds to a counter.

Where Python looks whether it shall switch threads, it looks for signals, too. So a timer sends many
signals, and their handler notes at which bytecode it was called.
"""

import dis
import signal
import sys
import threading

# --- settings: change them and run the program again ---
STEP = "call"  # "plain", "call" or "split"
SIGNALS = 1000  # after so many the points are shown
TIMES = 10_000  # steps of each of three threads, that race for the counter
# --- end of settings ---

counter = 0
one = [1] + [0] * 100  # it takes a while to find out that their sum is 1


def plain():
    global counter
    counter += 1


def call():
    global counter
    counter += sum(one)


def split():
    global counter
    old = counter
    for _ in range(60):
        new = old + 1
    counter = new


def show_points(step):
    seen = []

    def note(number, frame):
        seen.append(frame.f_lasti if frame.f_code is step.__code__ else -1)

    signal.signal(signal.SIGALRM, note)
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    while len(seen) < SIGNALS:
        step()
    signal.setitimer(signal.ITIMER_REAL, 0)
    code = list(dis.get_instructions(step))
    print(f"signals of {SIGNALS}  bytecode of {step.__name__}()")
    for number, this in enumerate(code[:-1]):
        here = sum(this.offset <= place < code[number + 1].offset for place in seen)
        print(f"{here:15}  {this.opname} {this.argrepr}", flush=True)


def repeat(step):
    for _ in range(TIMES):
        step()
        sum(range(500))  # other work, which has nothing to do with the counter


def race(step):
    before = counter
    sys.setswitchinterval(0.0001)
    threads = [threading.Thread(target=repeat, args=(step,), name=f"adder-{n}") for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{3 * TIMES} steps were made, {3 * TIMES - (counter - before)} were lost")


if __name__ == "__main__":
    chosen = {"plain": plain, "call": call, "split": split}[STEP]
    show_points(chosen)
    race(chosen)
