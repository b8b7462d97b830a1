"""Which line of the program each thread is at, about twenty times a second, read from outside.

The probe reports the line where a thread begins to wait, but not where it computes: to look from
inside would take the GIL and the program's own time. So the memory of the run's interpreters is
read (app/witness/interpreter.py), without stopping anything.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from app.errors import Sentence
from app.timeline import wire
from app.timeline.probe_records import Hello
from app.timeline.records import LineSample, Record
from app.witness.interpreter import Interpreter, Memory, Unreadable
from app.witness.runtime import RuntimeFinder
from app.witness.threads import Blocked, ThreadTable

#: Threads are looked at 20 times a second, or less often if that takes more than this part of one
#: core.
INTERVAL_NS = 50_000_000
SHARE = 1 / 50
#: At most this many threads are looked at in one go: the other witnesses must be drained, too.
BUDGET = 48
#: A look that has taken this long is broken off: what is read belongs to the program, which may
#: have made it misleading.
LONGEST_NS = 5_000_000
#: How often to read again when what was read can't be right, because the thread had run on.
_TRIES = 3
#: A thread that no interpreter knows is looked for again after one look, two, four and so on; this
#: is the most.
_MOST_MISSES = 512
#: At most this many such threads, and files, are remembered.
_MOST_THREADS = _MOST_FILES = 10_000
#: The memory of at most this many processes is kept open.
_MOST_OPEN = 128
#: An environment, or an interpreter, that lies below the program's folder.
_OTHERS = re.compile(r"/(site|dist)-packages/|/lib(64)?/(python|pypy)\d[^/]*/")
_PROBE = str(Path(__file__).resolve().parent.parent / "probe") + "/"


class _Process:
    """What is known of one process of the run."""

    def __init__(self, version: tuple[int, int]) -> None:
        self.version = version
        self.memory: Memory | None = None
        self.interpreter: Interpreter | None = None
        self.states: dict[int, int] = {}  # thread states by tid
        self.misses: dict[int, tuple[int, int]] = {}  # how often, and until which look
        self.failures = 0
        self.walked = 0  # the look in which its threads were searched
        self.closed = False  # may not be read, or can't be understood

    def close(self) -> None:
        if self.memory is not None:
            self.memory.close()
        self.memory = self.interpreter = None
        self.states.clear()


class LinesSampler:
    """Looks at each thread that is not blocked, and at a blocked one once.

    ``folders`` hold the program's files. ``reasons`` are sentences that say why nothing, or not
    everything, is seen; the caller clears them. Processes are known by the probe's HELLO.
    """

    name = "lines"

    def __init__(self, table: ThreadTable, folders: Sequence[str]) -> None:
        self._table = table
        told = [way(name) for name in folders for way in (os.path.abspath, os.path.realpath)]
        self._folders = tuple(dict.fromkeys(os.path.join(name, "") for name in told))
        self._runtime = RuntimeFinder()
        self._processes: dict[int, _Process] = {}
        self._own: dict[str, bool] = {}
        self._looked: dict[int, tuple[Blocked | None, int]] = {}
        self._due_ns = 0
        self._looks = 0
        self.reasons: list[Sentence] = []
        self._said: set[str] = set()

    def note(self, records: Sequence[Record]) -> None:
        """Learns from the probe's records which process runs which interpreter.

        After an execve(2) the memory that was open is empty, until a new HELLO comes.
        """
        for record in records:
            if type(record) is Hello:
                self.forget(record.pid)
                if not record.flags & wire.PYPY:
                    version = divmod(record.version, 0x100)
                    self._processes[record.pid] = _Process(version)

    def forget(self, pid: int) -> None:
        """The process ended or became another program."""
        process = self._processes.pop(pid, None)
        if process is not None:
            process.close()

    def poll(self, now_ns: int | None = None) -> list[Record]:
        now_ns = time.monotonic_ns() if now_ns is None else now_ns
        if now_ns < self._due_ns:
            return []
        began_ns = time.thread_time_ns()
        self._looks += 1
        records: list[Record] = []
        for pid, tid, blocked in self._to_look_at():
            sample = self._look(pid, tid)
            if sample is not None:
                records.append(sample)
            elif tid not in self._processes[pid].states:
                blocked = None  # nothing was seen of it yet
            self._looked[tid] = blocked, self._looks
            if time.thread_time_ns() - began_ns > LONGEST_NS:
                break
        cost_ns = time.thread_time_ns() - began_ns
        self._due_ns = now_ns + max(INTERVAL_NS, int(cost_ns / SHARE))
        return records

    def close(self) -> None:
        for pid in list(self._processes):
            self.forget(pid)

    # --- which threads to look at ---------------------------------------------------------------

    def _to_look_at(self) -> list[tuple[int, int, Blocked | None]]:
        """(pid, tid, its blocking) of the threads that have waited longest for a look."""
        table, looked = self._table, self._looked
        for tid in [tid for tid in looked if tid not in table.tids]:
            del looked[tid]
        due: list[tuple[int, int, int, Blocked | None]] = []
        for pid, process in list(self._processes.items()):
            tids = table.threads(pid)
            if not tids:
                if pid in table.zombies or not os.path.exists(f"/proc/{pid}"):
                    self.forget(pid)
                continue
            if process.closed:
                continue
            for tid in tids:
                blocked = table.blocked.get(tid)
                before, at = looked.get(tid, (None, 0))
                if blocked is None or blocked != before:
                    due.append((at, pid, tid, blocked))
        due.sort(key=lambda one: one[0])
        return [(pid, tid, blocked) for _, pid, tid, blocked in due[:BUDGET]]

    # --- looking -------------------------------------------------------------------------------

    def _look(self, pid: int, tid: int) -> LineSample | None:
        process = self._processes[pid]
        if process.closed:
            return None
        try:
            interpreter = process.interpreter or self._open(pid, process)
            if interpreter is None:
                return None
            state = process.states.get(tid) or self._find(process, interpreter, tid)
            if not state:
                return None
        except Unreadable:
            return None  # it is starting or ending
        for _ in range(_TRIES):
            since = time.monotonic_ns()
            try:
                place = self._innermost(interpreter, state, tid)
            except Unreadable:
                continue
            t = time.monotonic_ns()
            return LineSample(t, since, pid, tid, *place) if place else None
        process.states.pop(tid, None)
        return None

    def _innermost(self, interpreter: Interpreter, state: int, tid: int) -> tuple[str, int] | None:
        """The innermost line of the stack that is in the program's text; None if none is."""
        for code, offset in interpreter.stack(state, tid):
            path = code.path
            own = self._own.get(path)
            if own is None:
                if len(self._own) > _MOST_FILES:
                    self._own.clear()
                own = self._own[path] = self._is_own(path)
            if own:
                line = code.line(offset)
                return (path, line) if line else None
        return None

    def _is_own(self, path: str) -> bool:
        """The rule of app/probe/recording/objects.py, as far as it can be applied from outside."""
        for folder in self._folders:
            if path.startswith(folder):
                rest = path[len(folder) - 1 :]
                return not _OTHERS.search(rest) and not path.startswith(_PROBE)
        return False

    def _find(self, process: _Process, interpreter: Interpreter, tid: int) -> int:
        """The thread's state; 0 for a thread that runs no Python, or does not yet."""
        count, until = process.misses.get(tid, (0, 0))
        if self._looks < until or process.walked == self._looks:
            return 0
        process.walked = self._looks
        process.states = interpreter.threads()
        if tid in process.states:
            process.misses.pop(tid, None)
            return process.states[tid]
        if len(process.misses) > _MOST_THREADS:
            process.misses.clear()
        process.misses[tid] = count + 1, self._looks + min(_MOST_MISSES, 1 << count)
        return 0

    def _open(self, pid: int, process: _Process) -> Interpreter | None:
        """Raises Unreadable."""
        self._make_room()
        try:
            memory = process.memory = Memory(pid)
        except OSError as error:
            process.closed = True
            if os.path.exists(f"/proc/{pid}"):
                self._say(unreadable(error))
            return None
        start = self._runtime.start(pid)
        try:
            if not start:
                raise Unreadable("no runtime")
            interpreter = Interpreter(memory, start, process.version, pid)
            # Wrong pointers would not lead to a thread of this very process by chance.
            if not interpreter.threads().keys() & self._table.threads(pid):
                raise Unreadable("no thread of its own")
        except Unreadable:
            process.close()
            process.failures += 1
            if process.failures > _PATIENCE and os.path.exists(f"/proc/{pid}"):
                process.closed = True
                self._say(not_understood("{}.{}".format(*process.version)))
            raise
        process.interpreter = interpreter
        return interpreter

    def _make_room(self) -> None:
        """Of too many processes, those opened first are closed, and opened again at their next
        look."""
        opened = [one for one in self._processes.values() if one.memory is not None]
        for process in opened[: max(0, len(opened) - _MOST_OPEN + 1)]:
            process.close()

    def _say(self, sentence: Sentence) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            self.reasons.append(sentence)


#: How often to try again an interpreter that is just starting or ending.
_PATIENCE = 20


def unreadable(error: OSError) -> Sentence:
    """Why a process's memory can't be opened."""
    return Sentence(
        "The lines of running threads can't be read: {why}.", why=error.strerror or str(error)
    )


def not_understood(version: str) -> Sentence:
    """What was read is not what CPython of this version keeps there."""
    return Sentence(
        "The lines of running threads can't be read from CPython {version} here.", version=version
    )


def line_of(pid: int, version: tuple[int, int]) -> int:
    """The line at which the process's main thread is; 0 if that isn't known.

    Raises OSError when its memory may not be read.
    """
    memory = Memory(pid)
    try:
        interpreter = Interpreter(memory, RuntimeFinder().start(pid), version, pid)
        stack = interpreter.stack(interpreter.threads().get(pid, 0), pid)
        return next((line for code, offset in stack if (line := code.line(offset))), 0)
    except Unreadable:
        return 0
    finally:
        memory.close()
