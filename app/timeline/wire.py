"""The ring's layout and the kinds of probe records: the border between program and worker.

The probe writes these inside the program, the rings reader decodes them in the worker. This file
is loaded inside other people's programs: it imports ``struct`` alone and runs on CPython 3.9.

A ring is one file per thread, mapped shared by its only writer: 64 bytes of header, then
``capacity`` slots of 32 bytes. Slot ``n`` lies at index ``n % capacity``. The writer stores a
slot and then ``head`` (slots ever written); it never waits for the reader. A reader that finds
``head - tail > capacity`` has lost the difference and counts it.

A thread that has filled its ring goes on in a bigger one, in another file; the old one is not
written any more when the new one has its name. A ring flagged ``FOLLOWED`` is filled once and
never goes round.

A record is one slot; a record with text (``TEXT`` bit set in its kind) is followed by
continuation slots that hold a 16-bit byte length and UTF-8, padded with zeros.
"""

import struct

MAGIC = b"TSLR"
VERSION = 1

#: magic, version, flags, pid, tid, capacity, zero, head, birth (CLOCK_MONOTONIC ns), thread no.
HEADER = struct.Struct("<4sHHIIIIQQQ")
HEADER_SIZE = 64
FLAGS_OFFSET = 6
FLAGS = struct.Struct("<H")
FOLLOWED = 1
HEAD_OFFSET = 24
HEAD = struct.Struct("<Q")

#: t_ns (CLOCK_MONOTONIC), kind, aux, a, b, c
SLOT = struct.Struct("<QHHIQQ")
SLOT_SIZE = 32
#: No ring has more slots.
CAPACITY_MAX = 1 << 18
TEXT = 0x8000
TEXT_LENGTH = struct.Struct("<H")
#: Longer text is cut (names) or split into several records (output).
TEXT_MAX = 990

#: ring-<pid>-<tid>-<number of the file>; all rings of a thread have its number in their headers.
RING_PREFIX = "ring-"
RING_DIRECTORY_VARIABLE = "TIMESLICE_RING_DIR"
#: Below that folder: an empty file for each name that multiprocessing gave to a semaphore or to
#: shared memory, and has not taken back.
NAMES_FOLDER = "names"
PROGRAM_VARIABLE = "TIMESLICE_PROGRAM_DIR"  # lines are reported for files below this folder

#: ENTER's detail, of a socket: the thread gives a message, and takes none.
SENDS = 1
#: ENTER's detail, but of a join: it waits for the lock inside the object, not for the object.
INNER = 2

# --- kinds ------------------------------------------------------------------------------------
# Each comment gives aux, a, b, c and text. `obj` is a 64-bit id, unique over the run:
# pid << 32 | counter. `where` is file_id << 32 | detail, `place` file_id << 20 | line. Fields not
# named are 0.

# processes and threads
HELLO = 1  # aux: major << 8 | minor, a: ppid, b: flags (1: GIL disabled, 2: PyPy), text: impl name
THREAD_START = (
    2  # first record of a thread; aux: 1 daemon, b: thread obj, c: parent tid, text: name
)
THREAD_END = 3  # aux: 0 returned, 1 raised; b: obj, c: CPU ns, text: exception type
THREAD_SPAWN = 4  # Thread.start entered, in the parent; b: thread obj, a: line
PROCESS_SPAWN = (
    5  # Process.start entered, in the parent; aux: 1 daemon, a: line, b: obj, text: name
)
PROCESS_SPAWNED = 6  # Process.start or Popen returned; a: child pid, b: process obj
PROCESS_NAME = 7  # in the child; aux: 1 daemon, b: process obj, text: name
# Ends tell in `c` the CPU time of their thread, by the kernel's account (0: unknown).
PROCESS_END = 8  # target returned in the child; aux: 0 returned, 1 raised, 2 exit; text: exception
MAIN_END = 9  # main module's code ended; aux: 0 returned, 1 raised, 2 exit; text: exception type
KILL = 10  # a signal was sent; aux: signal, a: target pid, b: 1 when multiprocessing ends a daemon
REAPED = 11  # waitpid returned; a: child pid, b: raw wait status
INTERVAL = 12  # sys.setswitchinterval returned; a: ns

# operations that may block: ENTER when the wait begins, LEAVE when it is over
ENTER = 20  # aux: Reason code, a: line, b: obj (or 0), c: where (detail: target pid or tid; flags)
LEAVE = 21  # aux: Reason code, b: obj, c: 1 got it, 0 timed out, 2 raised
ACQUIRED = 22  # a: line, b: obj, c: where; this thread holds obj from now
RELEASED = 23  # b: obj, a: line
# VALUE: a: of how many (0: not known), b: obj, c: its value (queue size, semaphore count, waiting
# parties), two's complement
VALUE = 24
PUT = 25  # b: queue obj, c: item key; aux: 1 if a is how many items it has now
GET = 26  # b: queue obj, c: item key; aux: 1 if a is how many items it has now
SEND = 27  # b: pipe obj, c: bytes
RECV = 28  # b: pipe obj, c: bytes
NOTIFY = 29  # Condition.notify, Event.set, Semaphore.release; b: obj, c: how many
# WAITS_FOR: the wait that this thread, or its task, begins next is for several; aux: 1 the first of
# them, a: how many, b: one of them (task or future obj). Not more than some are told.
WAITS_FOR = 30
# PEER: messages go to or come from a server that is none of the run's processes that load the
# probe; b: its obj, text: the library that connected, and the address
PEER = 31
TO_PEER = 32  # bytes were given to a connection with it; b: its obj
FROM_PEER = 33  # bytes came from it; b: its obj

# objects and texts
OBJECT = 40  # aux: ObjectKind code, a: line, b: obj, c: where; text: a name given by the program
FILE = 41  # a: file_id (per process), text: absolute file name

# coroutines (tasks of asyncio and trio, greenlets)
# TASK_NEW: aux: 1 in no event loop, 2 a generator, a: place (of a generator, where it begins),
# b: task obj, c: parent task obj, text: name NUL qualname. Told again, it gives another name.
TASK_NEW = 60
TASK_READY = 61  # put into the loop's ready queue; b: task obj
TASK_RUN = 62  # a step begins on this thread; b: task obj
TASK_PAUSE = 63  # a step ended, not done; aux: Reason, a: place, b: task, c: awaited obj (0: none)
# TASK_DONE: aux: 0 returned, 1 raised, 2 cancelled, 3 it goes on unseen; b: task obj, text:
# exception type
TASK_DONE = 64
NEVER_AWAITED = 65  # a: place, text: coroutine's qualname
# TASK_ACQUIRED: a: place, b: lock or semaphore obj, c: the task obj that holds it from now (0: no
# task); aux: 1 whichever waiter is made ready next has it
TASK_ACQUIRED = 66
TASK_RELEASED = (
    67  # a: place, b: lock or semaphore obj, c: of a semaphore, the task obj that does so
)
# TASK_LOOP: this thread runs its loop until a task is over; b: task obj (0: it does no longer)
TASK_LOOP = 68
# What a generator did before it was known to be a coroutine: both tell of the time `c` (ns). Such a
# TASK_BEGAN is its first record.
TASK_BEGAN = 69  # its first step began; a: place, b: task obj, c: when
TASK_PAUSED = 70  # that step ended; aux: Reason, a: place, b: task obj, c: when, text: awaited obj

# futures of executors
SUBMIT = 80  # a: line, b: future obj, c: pool obj, text: function's name
FUTURE_RUN = 81  # a worker took it; aux: 1 a process did, and not this thread; b: future obj
FUTURE_DONE = 82  # aux: 0 returned, 1 raised, 2 cancelled; b: future obj, text: exception type
# FUTURE_BY: who is to give its result; a: a loop's tid, b: future obj, c: task obj (0: none yet),
# text: its function's name
FUTURE_BY = 83

# output
OUTPUT = 90  # aux: 1 stdout, 2 stderr; b: task obj (0: none); text

#: Every kind of record above. A number that isn't here is none of the probe's.
KINDS = (
    HELLO,
    THREAD_START,
    THREAD_END,
    THREAD_SPAWN,
    PROCESS_SPAWN,
    PROCESS_SPAWNED,
    PROCESS_NAME,
    PROCESS_END,
    MAIN_END,
    KILL,
    REAPED,
    INTERVAL,
    ENTER,
    LEAVE,
    ACQUIRED,
    RELEASED,
    VALUE,
    PUT,
    GET,
    SEND,
    RECV,
    NOTIFY,
    WAITS_FOR,
    PEER,
    TO_PEER,
    FROM_PEER,
    OBJECT,
    FILE,
    TASK_NEW,
    TASK_READY,
    TASK_RUN,
    TASK_PAUSE,
    TASK_DONE,
    NEVER_AWAITED,
    TASK_ACQUIRED,
    TASK_RELEASED,
    TASK_LOOP,
    TASK_BEGAN,
    TASK_PAUSED,
    SUBMIT,
    FUTURE_RUN,
    FUTURE_DONE,
    FUTURE_BY,
    OUTPUT,
)
