"""What belongs to one thread: the writers of its records, and what hooks remember.

``this_thread`` is that of the calling thread: its ``emit`` and ``text`` write records, its other
attributes are what hooks remember between two records of one thread. A thread's first use of it
makes the thread's ring.
"""

from __future__ import annotations

import _thread

from . import faults, first_records, ring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from . import wire

#: By ident, the Thread objects of threads that have started and have no ring yet.
newborn: dict[int, Any] = {}


def _nothing(*_: Any) -> None:
    """Stand for ``emit``, ``text`` and ``mark`` in a thread that has no ring."""


class Step:
    """The step of a coroutine that this thread runs."""

    __slots__ = ("driven", "emit", "loops", "mark", "name", "primitive", "task", "text")

    def __init__(
        self,
        emit: Callable[..., None],
        text: Callable[..., None],
        mark: Callable[[int, int], None],
    ) -> None:
        self.emit, self.text, self.mark = emit, text, mark
        self.task = 0  # the coroutine's id; 0: none
        self.primitive: Any = None  # the asyncio object that it is about to await
        self.name = ""  # the name of the task that is being made
        self.loops = False  # True: the loop runs until the task that is being made is done
        self.driven: Any = None  # the running generator that the program has started by hand


class ThisThread(_thread._local):
    """What belongs to one thread; it is made on the thread's first use."""

    def __init__(self) -> None:
        self.emit: Callable[..., None] = _nothing
        self.text: Callable[..., None] = _nothing
        #: 1: inside a wait that is reported as a whole; 2: and nothing inside it is reported.
        self.depth = 0
        self.submit: Any = None  # (name, id of the pool, line) of a submit under way
        self.putting = 0  # the id of the multiprocessing queue whose put() is under way
        self.getting = 0  # the same of a get(), until its item is reported
        self.raised = ""  # the type of the exception that ended this thread's run()
        mark = begin(self)
        self.step = Step(self.emit, self.text, mark)


def begin(local: ThisThread) -> Callable[[int, int], None]:
    """Make the calling thread's ring with its first record, THREAD_START; return its ``mark``.

    Without a folder for rings nothing is recorded.
    """
    ident = _thread.get_ident()
    thread = newborn.pop(ident, None)
    if not ring.directory:
        return _nothing
    if ident == first_records.owner:
        local.emit, local.text = first_records.emit, first_records.text
        return first_records.mark
    number = ring.next_number()
    try:
        local.emit, local.text, mark = ring.for_thread(number, number)
    except Exception:
        faults.note("thread %d is not recorded" % _thread.get_native_id())
        return _nothing
    if number == 0:
        first_records.introduce(local.text)  # the file of the first records could not be made
    elif thread is not None:
        ident = getattr(thread, "_timeslice", 0)
        maker = getattr(thread, "_timeslice_parent", 0)
        local.text(wire.THREAD_START, int(thread.daemon), 0, ident, maker, thread.name)
    else:
        local.emit(wire.THREAD_START, 1)
    return mark


def _follow() -> tuple[Callable[..., None], Callable[..., None]]:
    """Make the ring that follows the file of the first records; return its ``emit`` and ``text``.

    The calling thread writes into it from now on. Code that still holds ``first_records.emit`` may
    go on calling it: that one calls the new one.
    """
    local = this_thread
    step = local.step
    emit, text, mark = ring.for_thread(ring.next_number(), first_records.number)
    local.emit, local.text = step.emit, step.text = emit, text
    step.mark = mark
    return emit, text


def after_fork() -> None:
    """In a forked child, after ``first_records.begin``: write no more into the parent's rings."""
    ring.after_fork()
    if newborn:
        newborn.clear()
    this_thread.__init__()  # type: ignore[misc]


this_thread = ThisThread()
first_records.this_thread = this_thread
first_records.follow = _follow
first_records.after_fork = after_fork
