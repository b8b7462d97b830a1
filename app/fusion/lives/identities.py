"""Finds threads and processes by the kernel's ids, and coroutines by the probe's."""

from __future__ import annotations

from app.fusion.lives.lives import ProcessLife, TaskLife, ThreadLife
from app.fusion.picture.book import Book

#: How good a name is: the kernel's comm is better than a number, the program's own beats both.
COMM, PROGRAM = 1, 2


class Identities:
    """The process tree. A tid belongs to its last thread that has not exited: the kernel uses ids
    again and again. ``Births`` adds threads and processes.
    """

    root: ProcessLife

    def __init__(self, book: Book) -> None:
        self._book = book
        self.threads: dict[int, ThreadLife] = {}
        self.processes: dict[int, ProcessLife] = {}
        #: Processes that are not reaped, and those of them whose probe has not written a record.
        self.living: dict[ProcessLife, None] = {}
        self.silent: dict[ProcessLife, None] = {}
        #: By the probe's id of a ``Thread`` or ``Process``.
        self.thread_of: dict[int, ThreadLife] = {}
        #: Coroutines by the probe's id, from their first record to their TASK_DONE.
        self.tasks: dict[int, TaskLife] = {}

    def of_pid(self, pid: int) -> ThreadLife | None:
        """The main thread of the last process with this pid."""
        process = self.processes.get(pid)
        return process.main if process else None

    def parented(self, process: ProcessLife, parent: ProcessLife | None) -> None:
        """The parent became known only after the process."""
        if parent is None or process.parent is not None or process is parent:
            return
        if process is self.root:
            return
        process.parent = parent
        process.main.track.parent = parent.main.track.id
        self._book.touch(process.main.track)

    def name(self, life: ThreadLife, name: str, rank: int) -> None:
        if name and rank >= life.name_rank and (name != life.track.name or rank > life.name_rank):
            life.name_rank = rank
            life.track.name = name
            self._book.touch(life.track)

    def speaks(self, process: ProcessLife) -> None:
        """The process's probe wrote its first record."""
        process.probed = True
        self.silent.pop(process, None)

    def reaped(self, process: ProcessLife) -> None:
        """The process was reaped: its pid is free."""
        process.reaped = True
        self.living.pop(process, None)
        self.silent.pop(process, None)

    def task_name(self, obj: int) -> str:
        """The name of a coroutine that is not over; "" for any other id."""
        task = self.tasks.get(obj)
        return task.track.name if task is not None else ""
