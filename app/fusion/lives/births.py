"""New threads and processes, seen when they are born or only later by what they do."""

from __future__ import annotations

from collections.abc import Callable

from app.fusion.lives.identities import PROGRAM, Identities
from app.fusion.lives.lives import ProcessLife, ThreadLife
from app.fusion.picture.book import Book
from app.fusion.picture.lane import OF_THREAD, Lane
from app.timeline.model import NOTHING
from app.timeline.states import Evidence, State, TrackKind


class Births:
    """Makes lives and their tracks; that of the program's own process at once.

    ``thread_replaced`` and ``process_replaced`` are called where an id belongs to a new thread or
    process and the end of the old one was not seen.
    """

    def __init__(
        self,
        book: Book,
        ids: Identities,
        thread_replaced: Callable[[ThreadLife, int], None],
        process_replaced: Callable[[ProcessLife, int], None],
    ) -> None:
        self._book = book
        self._ids = ids
        self._thread_replaced = thread_replaced
        self._process_replaced = process_replaced
        facts = book.facts
        ids.root = self._process(facts.root_pid, None, 0, State.NEW, Evidence.KERNEL)
        ids.name(ids.root.main, facts.file_name, PROGRAM)

    def born(
        self, pid: int, tid: int, parent: ThreadLife | None, t: int, evidence: Evidence
    ) -> ThreadLife:
        """A witness saw this birth. An older thread with these ids must be over by now."""
        if pid == tid:
            process = self._process(pid, parent.process if parent else None, t, State.NEW, evidence)
            return process.main
        return self._thread(self.process(pid, t), tid, t, State.NEW, evidence)

    def thread(self, pid: int, tid: int, t: int) -> ThreadLife:
        """The thread with these ids; a new one, *unknown* so far, if its birth was not seen."""
        life = self._ids.threads.get(tid)
        if life is not None and not life.exited and life.process.pid == pid:
            return life
        if tid == pid:
            return self._process(pid, None, t, State.UNKNOWN, Evidence.MISSING).main
        return self._thread(self.process(pid, t), tid, t, State.UNKNOWN, Evidence.MISSING)

    def process(self, pid: int, t: int) -> ProcessLife:
        """The process with this pid; a new one if its birth was not seen."""
        process = self._ids.processes.get(pid)
        if process is None or process.reaped:
            process = self._process(pid, None, t, State.UNKNOWN, Evidence.MISSING)
        return process

    def _process(
        self,
        pid: int,
        parent: ProcessLife | None,
        t: int,
        state: State,
        evidence: Evidence,
    ) -> ProcessLife:
        ids = self._ids
        old = ids.processes.get(pid)
        if old is not None and not old.reaped:
            self._process_replaced(old, t)
        process = ProcessLife(pid, parent, self._book.facts.switches)
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
        ids.processes[pid] = process
        ids.living[process] = ids.silent[process] = None
        ids.threads[pid] = process.main
        return process

    def _thread(
        self, process: ProcessLife, tid: int, t: int, state: State, evidence: Evidence
    ) -> ThreadLife:
        old = process.threads.get(tid)
        if old is not None and not old.exited:
            self._thread_replaced(old, t)
        track = self._book.new_track(
            TrackKind.THREAD, f"thread {tid}", process.pid, tid, process.main.track.id, t
        )
        lane = Lane(self._book, track.id, t, OF_THREAD, state, evidence)
        life = ThreadLife(process, tid, track, lane)
        process.threads[tid] = life
        self._ids.threads[tid] = life
        return life
