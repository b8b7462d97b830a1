"""The numbers of ``Reason`` and ``ObjectKind`` that records carry, as plain integers.

``app/timeline/states.py`` defines them, but imports ``enum`` and ``typing``, which would take too
long to load into a program. A test holds the numbers equal.
"""

# Reasons.

LOCK = 1
RLOCK = 2
CONDITION = 3
SEMAPHORE = 4
EVENT = 5
BARRIER = 6
QUEUE = 7
PIPE = 8
SOCKET = 9
FILE = 10
SLEEP = 11
JOIN = 12
WAIT_CHILD = 13
FUTURE = 14
INPUT = 15
OTHER = 16
TASK = 17
POLL = 18
YIELD = 19

# Kinds of objects; the first ten have the numbers of the reasons above.
KIND_THREAD = 11
KIND_PROCESS = 12
KIND_FUTURE = 13
KIND_POOL = 15

#: The reason of a wait by the class that is waited for: threading, queue, asyncio and gevent name
#: theirs alike.
by_class = {
    "Lock": LOCK,
    "Event": EVENT,
    "Condition": CONDITION,
    "Semaphore": SEMAPHORE,
    "BoundedSemaphore": SEMAPHORE,
    "Barrier": BARRIER,
    "Queue": QUEUE,
    "PriorityQueue": QUEUE,
    "LifoQueue": QUEUE,
}
