"""Programs whose threads wait in calls that the probe doesn't know, or inside the library's locks.

Each has a thread that computes, or several that contend, so that who waits for something else
could be taken for one that waits for the GIL.
"""

_PREAMBLE = """
import ctypes, fcntl, hashlib, logging, os, queue, select, signal, socket, sqlite3, subprocess
import sys, tempfile, threading, time, zlib, _thread
libc = ctypes.CDLL(None)
others_over = threading.Event()
def burns():
    n = 0
    while not others_over.is_set(): n += 1
def together(*works):
    threads = [threading.Thread(target=work) for work in works]
    for t in threads: t.start()
    for t, work in zip(threads, works):
        if work is not burns: t.join()
    others_over.set()
    for t in threads: t.join()
"""

_CALLS = {
    "queue.Queue": """
items = queue.Queue()
def hammers():
    for n in range(5_000): items.put(n); items.get()
together(hammers, hammers, hammers, hammers)
""",
    "threading.Semaphore": """
two = threading.Semaphore(2)
def hammers():
    for n in range(2_500):
        with two: pass
together(hammers, hammers, hammers, hammers)
""",
    "a lock of _thread": """
lock = _thread.allocate_lock()
def locks():
    for _ in range(25):
        with lock: time.sleep(0.002)
together(burns, locks, locks)
""",
    "logging": """
logging.basicConfig(filename="log", level=logging.INFO)
def logs():
    for n in range(1_000): logging.info("line %d", n)
together(burns, logs, logs)
""",
    "print": """
def prints():
    for n in range(1_000): print("line", n)
together(burns, prints, prints)
""",
    "files": """
def writes():
    with open("out", "wb") as file:
        for _ in range(60): file.write(bytes(100_000)); file.flush()
def syncs():
    with open("sync", "wb") as file:
        for _ in range(10): file.write(bytes(4_096)); file.flush(); os.fdatasync(file)
together(burns, writes, syncs)
""",
    "pipes": """
r, w = os.pipe2(0)
def takes():
    while os.read(r, 100): pass
def gives():
    for _ in range(100): os.write(w, bytes(50)); libc.usleep(1_500)
    os.close(w)
together(burns, takes, gives)
""",
    "poll and epoll": """
a, b = socket.socketpair()
def polls():
    poll = select.poll(); poll.register(a, select.POLLIN)
    for _ in range(30): poll.poll(7)
def epolls():
    epoll = select.epoll(); epoll.register(a, select.EPOLLIN)
    for _ in range(30): epoll.poll(0.007)
together(burns, polls, epolls)
""",
    "flock": """
def locks():
    with open("lock", "w") as file:
        for _ in range(20):
            fcntl.flock(file, fcntl.LOCK_EX); time.sleep(0.004); fcntl.flock(file, fcntl.LOCK_UN)
together(burns, locks, locks)
""",
    "ctypes": """
def sleeps():
    for _ in range(30): libc.usleep(7_000)
together(burns, sleeps, sleeps)
""",
    "sqlite3": """
def inserts():
    base = sqlite3.connect("base", timeout=30)
    base.execute("create table if not exists t (n)")
    for n in range(10): base.execute("insert into t values (?)", (n,)); base.commit()
together(burns, inserts, inserts)
""",
    "waits for children and signals": """
def waits():
    for _ in range(8):
        child = subprocess.Popen(["sleep", "0.02"]); os.waitid(os.P_PID, child.pid, os.WEXITED)
        child.wait()
def signals():
    for _ in range(20): signal.sigtimedwait([signal.SIGUSR1], 0.012)
together(burns, waits, signals)
""",
    "names of hosts": """
def asks():
    for _ in range(40): socket.getaddrinfo("localhost", 80)
together(burns, asks, asks)
""",
}

CALLS = {name: _PREAMBLE + text for name, text in _CALLS.items()}
