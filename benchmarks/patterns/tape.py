"""What a run's witnesses would have recorded, written down in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.fusion.facts import Scheduler
from app.timeline import wire
from app.timeline.probe_records import ProbeRecord
from app.timeline.records import OutputChunk, Record, SwitchIn, SwitchOut, ThreadBorn
from app.timeline.states import ObjectKind, Reason

START = 10**12
ROOT = 100
#: The time between two records.
STEP_NS = 1_000


class Tape:
    """Collects records; ``t`` goes on with each of them."""

    def __init__(self) -> None:
        self.t = START
        self.records: list[Record] = []
        self.written = 0
        self._objects = 0

    def add(self, record: Record) -> None:
        self.records.append(record)
        self.written += 1

    def tick(self) -> int:
        self.t += STEP_NS
        return self.t

    def take(self) -> list[Record]:
        """What was written since this was asked last."""
        records, self.records = self.records, []
        return records

    def object(self) -> int:
        """An id that no other object has."""
        self._objects += 1
        return ROOT << 32 | self._objects

    def say(
        self,
        kind: int,
        tid: int = ROOT,
        *,
        aux: int = 0,
        a: int = 0,
        b: int = 0,
        c: int = 0,
        text: str = "",
        pid: int = ROOT,
    ) -> None:
        self.add(ProbeRecord(self.tick(), pid, tid, 0, kind, aux, a, b, c, text))

    def made(self, kind: ObjectKind, line: int = 3) -> int:
        """A new object of the program's."""
        obj = self.object()
        self.say(wire.OBJECT, aux=kind, a=line, b=obj)
        return obj

    def shared(self, kind: ObjectKind) -> int:
        """A new object that processes share."""
        obj = self.object() | 1 << 63
        self.say(wire.OBJECT, aux=kind, a=3, b=obj)
        return obj

    def enter(self, tid: int, reason: Reason, obj: int = 0) -> None:
        self.say(wire.ENTER, tid, aux=reason, a=7, b=obj)

    def leave(self, tid: int, reason: Reason, obj: int = 0) -> None:
        self.say(wire.LEAVE, tid, aux=reason, b=obj, c=1)

    def on(self, tid: int, pid: int = ROOT, cpu: int = 0) -> None:
        self.add(SwitchIn(self.tick(), pid, tid, cpu))

    def off(self, tid: int, pid: int = ROOT, cpu: int = 0, preempted: bool = False) -> None:
        self.add(SwitchOut(self.tick(), pid, tid, cpu, preempted))

    def main(self) -> None:
        """The program's first thread runs."""
        self.on(ROOT)
        self.say(wire.HELLO)

    def thread(self, tid: int) -> None:
        """A thread that runs Python."""
        self.add(ThreadBorn(self.tick(), ROOT, tid, ROOT, ROOT))
        self.on(tid, cpu=tid % 4)
        self.say(wire.THREAD_START, tid, b=self.object(), text=f"thread-{tid}")

    def process(self, pid: int) -> None:
        """A child with the probe."""
        self.add(ThreadBorn(self.tick(), pid, pid, ROOT, ROOT))
        self.on(pid, pid, cpu=pid % 4)
        self.say(wire.HELLO, pid, a=ROOT, pid=pid)

    def task(self, parent: int = 0) -> int:
        obj = self.object()
        self.say(wire.TASK_NEW, a=5, b=obj, c=parent, text="Task-1\0work")
        return obj

    def step(self, task: int) -> None:
        """The task's next step begins."""
        self.say(wire.TASK_READY, b=task)
        self.say(wire.TASK_RUN, b=task)

    def pause(self, task: int, reason: Reason, obj: int = 0) -> None:
        self.say(wire.TASK_PAUSE, aux=reason, a=7, b=task, c=obj)

    def done(self, task: int) -> None:
        self.say(wire.TASK_DONE, b=task)

    def came_out(self, text: str) -> None:
        self.add(OutputChunk(self.tick(), "stdout", text.encode()))


@dataclass(frozen=True, slots=True)
class Pattern:
    """``write`` writes about as many records as it is told, and yields now and then: what is
    written by then is drained together. ``program`` is the text that names its objects.
    """

    write: Callable[[Tape, int], Iterator[None]]
    scheduler: Scheduler = "tracepoints"
    program: str = ""


def until(tape: Tape, count: int, turn: Callable[[], None]) -> Iterator[None]:
    """Repeats ``turn`` until so many records are written."""
    while tape.written < count:
        for _ in range(64):
            turn()
        yield


def times(count: int, turn: Callable[[int], None]) -> Iterator[None]:
    """``turn(0)`` to ``turn(count - 1)``."""
    for number in range(count):
        turn(number)
        if number % 64 == 0:
            yield
