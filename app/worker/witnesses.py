"""The witnesses of a run: opened before the program's first instruction, and drained together."""

from __future__ import annotations

import contextlib
from typing import Any

from app.errors import Sentence, told
from app.timeline.records import ProcessReaped, Record, SchedStat
from app.timeline.sealed import Sealed
from app.witness.choose import Scheduler, open_scheduler
from app.witness.lines import LinesSampler
from app.witness.rings import RingsReader
from app.witness.states import StatesSampler
from app.witness.steal import StealReader
from app.witness.threads import ThreadTable
from app.witness.witness import Refused
from app.worker.program import Program
from app.worker.spec import RunSpec


class Witnesses:
    """The witnesses that watch ``program``; ``closing`` closes them."""

    def __init__(self, spec: RunSpec, program: Program, closing: contextlib.ExitStack) -> None:
        self._probe = spec.probe
        self._table = ThreadTable(program.pid)
        self._states = StatesSampler(self._table)
        self._lines = LinesSampler(self._table, [program.layout.work])
        closing.callback(self._lines.close)
        self._rings = RingsReader(program.layout.rings)
        closing.callback(self._rings.close)
        self._steal = StealReader()
        closing.callback(self._steal.close)
        self._scheduler: Scheduler | None = None
        try:
            scheduler = open_scheduler(spec.witness, program.pid, program.guard.pid, self._table)
        except Refused as refusal:
            self._why = refusal.reasons
        else:
            self._scheduler, self._why = scheduler, scheduler.reasons
            closing.callback(scheduler.witness.close)

        if spec.python_name and not spec.probe:
            alone = Sentence(
                "The probe does not run in {python}: the kernel's witnesses tell this run alone, "
                "without objects, lines and coroutines.",
                python=spec.python_name,
            )
            self._why = (*self._why, alone)

    @property
    def scheduler(self) -> str:
        return self._scheduler.name if self._scheduler else "none"

    @property
    def sampled(self) -> bool:
        """Whether the scheduler's witness samples, which is due between two drains, too."""
        return self._scheduler is not None and self._scheduler.witness.samples

    @property
    def alive(self) -> int:
        """How many threads the run has, as far as the scheduler's witness knows."""
        return self._table.alive

    def described(self) -> dict[str, Any]:
        """Which witnesses watch, and why no better ones, as JSON."""
        return {
            "scheduler": self.scheduler,
            "probe": self._probe,
            "why": " ".join(self._why),
            "why_told": told(self._why),
        }

    def begin(self, start_ns: int) -> list[Record]:
        """What the witnesses know at the start of the run."""
        self._steal.poll()
        return self._scheduler.witness.begins(start_ns) if self._scheduler else []

    def ends(self, end_ns: int) -> list[Record]:
        """What a witness that counts knows at the end of the run."""
        records = self._steal.poll(end_ns, last=True)
        self._steal.close()
        return records

    def due_ns(self, until_ns: int) -> int:
        """When the next look is due, at ``until_ns`` at the latest: then ``poll`` is."""
        return min(until_ns, self._scheduler.witness.due_ns) if self._scheduler else until_ns

    def look(self) -> list[Record]:
        """A look between two polls."""
        if self._scheduler is None:
            return []
        records = self._scheduler.witness.look()
        self._states.note(records)
        return records

    def poll(self) -> list[Record]:
        """All records since the last poll; see also ``take_sealed``."""
        records: list[Record] = []
        if self._scheduler is not None:
            scheduled = self._scheduler.witness.poll()
            self._states.note(scheduled)
            records += scheduled
        records += self._states.poll()
        probed = self._rings.poll()
        self._lines.note(probed)
        records += probed
        records += self._lines.poll()
        records += self._steal.poll()
        return records

    @property
    def more(self) -> bool:
        """Whether the last poll left records, because there were too many for one."""
        return self._rings.more

    def take_sealed(self) -> list[Sealed]:
        return self._rings.take_sealed()

    def take_news(self) -> bool:
        """Whether ``described`` has changed since this was asked last."""
        news = [*self._lines.reasons, *self._rings.reasons]
        self._why = (*self._why, *news)
        self._lines.reasons.clear()
        self._rings.reasons.clear()
        return bool(news)

    def reaped(self, t: int, pid: int, status: int, account: list[int]) -> list[Record]:
        """The guard reaped a process of the run, whose main thread's ``account`` it read before."""
        self._states.told(pid)
        records: list[Record] = []
        if self.sampled and account:
            records.append(SchedStat(t, pid, pid, *account))
        records.append(ProcessReaped(t, pid, status, False))
        return records

    def without_told(self, records: list[Record]) -> list[Record]:
        """``records`` without sampled reaps of processes whose reap the guard has reported."""
        return self._states.without_told(records)
