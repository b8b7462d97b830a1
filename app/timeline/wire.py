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

# --- kinds ------------------------------------------------------------------------------------
# A record is six numbers and maybe a text. Each kind says what is in them, by a name; a number
# without one is 0. The names that come again and again:
#
# obj       an object of the program: a 64-bit id, unique over the run (pid << 32 | counter)
# task      the same, of a coroutine; 0 for none
# line      a line of the program
# where     the file of that line, and a detail: file number << 32 | detail
# place     a line with its file: file number << 20 | line
# outcome   how it ended, one of the words below
# cpu_ns    the CPU time of the thread so far by the kernel's account; 0: unknown
#
# ``probe_records`` has a type for each kind, with these names, for the worker.

#: What ``aux``, ``a``, ``b``, ``c`` and the text of each kind are.
FIELDS: dict[int, tuple[str, str, str, str, str]] = {}


def _kind(number: int, aux: str = "", a: str = "", b: str = "", c: str = "", text: str = "") -> int:
    FIELDS[number] = (aux, a, b, c, text)
    return number


# Outcomes of code. Of each kind but those of coroutines and futures, 2 is an exit by SystemExit.
RETURNED = 0
RAISED = 1
EXITED = 2
CANCELLED = 2
#: Of a coroutine: it goes on, but is not followed any more.
LOST = 3

# Outcomes of a wait.
TIMED_OUT = 0
GOT = 1
FAILED = 2  # it raised

# processes and threads

#: The first record of a process. ``version`` is major << 8 | minor of the interpreter.
HELLO = _kind(1, aux="version", a="ppid", b="flags", text="implementation")
#: Flags of HELLO.
NO_GIL = 1
PYPY = 2
#: The first record of a thread.
THREAD_START = _kind(2, aux="daemon", b="obj", c="parent_tid", text="name")
#: The thread's code is over. ``exception`` is the name of a type.
THREAD_END = _kind(3, aux="outcome", b="obj", c="cpu_ns", text="exception")
#: Thread.start was entered, in the parent.
THREAD_SPAWN = _kind(4, a="line", b="obj")
#: Process.start was entered, in the parent.
PROCESS_SPAWN = _kind(5, aux="daemon", a="line", b="obj", text="name")
#: Process.start or Popen returned. ``child`` is a pid.
PROCESS_SPAWNED = _kind(6, a="child", b="obj")
#: In the child.
PROCESS_NAME = _kind(7, aux="daemon", b="obj", text="name")
#: In the child: the target's code is over.
PROCESS_END = _kind(8, aux="outcome", b="obj", c="cpu_ns", text="exception")
#: The main module's code is over.
MAIN_END = _kind(9, aux="outcome", c="cpu_ns", text="exception")
#: A signal was sent to the pid ``target``. ``of_daemon``: multiprocessing ends a daemon by it.
KILL = _kind(10, aux="signal", a="target", b="of_daemon")
#: waitpid returned. ``status`` is the raw wait status of the pid ``child``.
REAPED = _kind(11, a="child", b="status")
#: sys.setswitchinterval returned.
INTERVAL = _kind(12, a="ns")

# operations that may block

#: A wait begins. ``reason`` is a code of Reason; the detail of ``where`` is the pid or tid that is
#: joined, or else flags.
ENTER = _kind(20, aux="reason", a="line", b="obj", c="where")
#: Flags of ENTER: the thread gives a message to a socket, rather than taking one;
SENDS = 1
#: it waits for the lock inside the object, not for the object.
INNER = 2
#: The wait is over.
LEAVE = _kind(21, aux="reason", b="obj", c="outcome")
#: This thread holds the object from now on.
ACQUIRED = _kind(22, a="line", b="obj", c="where")
RELEASED = _kind(23, a="line", b="obj")
#: ``value``, in two's complement: items of a queue, permits of a semaphore, parties that wait at a
#: barrier; of ``most``, 0 where that is not known.
VALUE = _kind(24, a="most", b="obj", c="value")
#: ``sized``: ``size`` is how many items the queue has now. ``item`` is a key.
PUT = _kind(25, aux="sized", a="size", b="obj", c="item")
GET = _kind(26, aux="sized", a="size", b="obj", c="item")
#: ``size`` bytes went into a pipe or came out of it.
SEND = _kind(27, b="obj", c="size")
RECV = _kind(28, b="obj", c="size")
#: Condition.notify, Event.set, Semaphore.release. ``waiters``: how many may go on.
NOTIFY = _kind(29, b="obj", c="waiters")
#: The next wait of this thread, or of its task, is for several: ``members`` says how many tasks or
#: futures. ``obj`` is one of them, ``first`` marks the first. Only some of many are named.
WAITS_FOR = _kind(30, aux="first", a="members", b="obj")
#: Messages go to or come from a server that is not one of the run's processes with the probe.
#: ``name``: the library that connected, and the address.
PEER = _kind(31, b="obj", text="name")
#: Bytes were given to a connection with it.
TO_PEER = _kind(32, b="obj")
#: Bytes came from it.
FROM_PEER = _kind(33, b="obj")

# objects and files

#: An object was made. ``object_kind`` is a code of ObjectKind; the program gave it the ``name``.
OBJECT = _kind(40, aux="object_kind", a="line", b="obj", c="where", text="name")
#: The absolute path of a file, by its number in this process.
FILE = _kind(41, a="number", text="path")

# coroutines: tasks of asyncio and trio, greenlets, generators

#: A coroutine was made; written again, it got another name. ``origin`` is one of those below,
#: ``place`` of a generator the one at which it begins. ``names``: its name, NUL, its function's.
TASK_NEW = _kind(60, aux="origin", a="place", b="task", c="parent", text="names")
#: Origins of TASK_NEW.
IN_A_LOOP = 0
IN_NO_LOOP = 1
GENERATOR = 2
#: It was put into the loop's ready queue.
TASK_READY = _kind(61, b="task")
#: A step of it begins on this thread.
TASK_RUN = _kind(62, b="task")
#: A step ended, and the coroutine has not. ``awaited`` is an object or a coroutine; 0 for none.
TASK_PAUSE = _kind(63, aux="reason", a="place", b="task", c="awaited")
TASK_DONE = _kind(64, aux="outcome", b="task", text="exception")
NEVER_AWAITED = _kind(65, a="place", text="function")
#: ``task`` has a lock or a permit from now on. ``handed``: the next waiter made ready has it.
TASK_ACQUIRED = _kind(66, aux="handed", a="place", b="obj", c="task")
#: ``task`` gives a permit back; 0 for a lock.
TASK_RELEASED = _kind(67, a="place", b="obj", c="task")
#: This thread runs its loop until ``task`` is over; 0: it does so no longer.
TASK_LOOP = _kind(68, b="task")
#: What a generator did before it was known to be a coroutine: its first step began at the time
#: ``when`` (ns). It is the first record of such a one.
TASK_BEGAN = _kind(69, a="place", b="task", c="when")
#: That step ended at ``when``. ``awaited`` is the id in decimal.
TASK_PAUSED = _kind(70, aux="reason", a="place", b="task", c="when", text="awaited")

# futures of executors: ``obj`` is the future

#: ``pool`` is an object, too.
SUBMIT = _kind(80, a="line", b="obj", c="pool", text="function")
#: A worker took it. ``by_process``: one in another process than this thread's.
FUTURE_RUN = _kind(81, aux="by_process", b="obj")
FUTURE_DONE = _kind(82, aux="outcome", b="obj", text="exception")
#: Its result will come from ``task``, or from the thread ``tid`` that runs a loop.
FUTURE_BY = _kind(83, a="tid", b="obj", c="task", text="function")

# output

#: ``stream``: 1 stdout, 2 stderr.
OUTPUT = _kind(90, aux="stream", b="task", text="text")
