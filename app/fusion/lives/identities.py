"""Who is who: threads and processes by the kernel's ids, which are used again and again."""

from __future__ import annotations

from collections.abc import Callable

from app.fusion.lives.lives import ProcessLife, ThreadLife
from app.fusion.picture.book import Book
from app.fusion.picture.lane import OF_THREAD, Lane
from app.timeline.model import NOTHING
from app.timeline.states import Evidence, State, TrackKind

#: How good a name is: the kernel's comm is better than a number, the program's own beats both.
COMM, PROGRAM = 1, 2


def _nobody(life: object, t: int) -> None:
    """Before the endings are wired nobody can be replaced."""


class Identities:
    """The process tree. A tid belongs to its last thread that has not exited."""

    def __init__(self, book: Book) -> None:
        self._book = book
        #: Called when ids turn out to have a new bearer though the old one's end was not seen.
        self.thread_replaced: Callable[[ThreadLife, int], None] = _nobody
        self.process_replaced: Callable[[ProcessLife, int], None] = _nobody
        self.threads: dict[int, ThreadLife] = {}
        self.processes: dict[int, ProcessLife] = {}
        #: Those of them that are not reaped, and those of these whose probe has not spoken.
        self.living: dict[ProcessLife, None] = {}
        self.silent: dict[ProcessLife, None] = {}
        facts = book.facts
        self.root = self._process(facts.root_pid, None, 0, State.NEW, Evidence.KERNEL)
        self.name(self.root.main, facts.file_name, PROGRAM)

    def born(
        self, pid: int, tid: int, parent: ThreadLife | None, t: int, evidence: Evidence
    ) -> ThreadLife:
        """A witness saw this birth; an older bearer of the ids must be over by now."""
        if pid == tid:
            process = self._process(pid, parent.process if parent else None, t, State.NEW, evidence)
            return process.main
        return self._thread(self.process(pid, t), tid, t, State.NEW, evidence)

    def thread(self, pid: int, tid: int, t: int) -> ThreadLife:
        """The thread, made up as *unknown so far* when its birth was not seen."""
        life = self.threads.get(tid)
        if life is not None and not life.exited and life.process.pid == pid:
            return life
        if tid == pid:
            return self._process(pid, None, t, State.UNKNOWN, Evidence.MISSING).main
        return self._thread(self.process(pid, t), tid, t, State.UNKNOWN, Evidence.MISSING)

    def process(self, pid: int, t: int) -> ProcessLife:
        """The process that has this pid now, made up when its birth was not seen."""
        process = self.processes.get(pid)
        if process is None or process.reaped:
            process = self._process(pid, None, t, State.UNKNOWN, Evidence.MISSING)
        return process

    def of_pid(self, pid: int) -> ThreadLife | None:
        """The main thread of the process that has, or had last, this pid."""
        process = self.processes.get(pid)
        return process.main if process else None

    def parented(self, process: ProcessLife, parent: ProcessLife | None) -> None:
        """The parent became known after the process."""
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
        """Its probe wrote its first record."""
        process.probed = True
        self.silent.pop(process, None)

    def reaped(self, process: ProcessLife) -> None:
        """The process is gone altogether."""
        process.reaped = True
        self.living.pop(process, None)
        self.silent.pop(process, None)

    def _process(
        self,
        pid: int,
        parent: ProcessLife | None,
        t: int,
        state: State,
        evidence: Evidence,
    ) -> ProcessLife:
        old = self.processes.get(pid)
        if old is not None and not old.reaped:
            self.process_replaced(old, t)
        process = ProcessLife(pid, parent)
        process.gil.followed = self._book.facts.switches
        if parent is not None:
            process.gil.interval_ns = parent.gil.interval_ns  # fork(2) copies it
        track = self._book.new_track(
            TrackKind.PROCESS,
            f"process {pid}",
            pid,
            pid,
            parent.main.track.id if parent else NOTHING,
            t,
        )
        lane = Lane(self._book, track.id, t, OF_THREAD, state, evidence)
        process.main = ThreadLife(process, pid, track, lane)
        process.threads[pid] = process.main
        self.processes[pid] = process
        self.living[process] = self.silent[process] = None
        self.threads[pid] = process.main
        return process

    def _thread(
        self, process: ProcessLife, tid: int, t: int, state: State, evidence: Evidence
    ) -> ThreadLife:
        old = process.threads.get(tid)
        if old is not None and not old.exited:
            self.thread_replaced(old, t)
        track = self._book.new_track(
            TrackKind.THREAD, f"thread {tid}", process.pid, tid, process.main.track.id, t
        )
        lane = Lane(self._book, track.id, t, OF_THREAD, state, evidence)
        life = ThreadLife(process, tid, track, lane)
        process.threads[tid] = life
        self.threads[tid] = life
        return life
