"""Records in, batches out: makes fusion's machines and wires them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.fusion.between.deadlocks import WaitGraph
from app.fusion.between.endings import Endings
from app.fusion.between.findings import Findings
from app.fusion.between.flows import Flows
from app.fusion.between.servers import Servers
from app.fusion.coroutines.machine import TaskMachine
from app.fusion.facts import RunFacts
from app.fusion.lives.births import Births
from app.fusion.lives.identities import Identities
from app.fusion.objects.groups import Groups
from app.fusion.objects.levels import Levels
from app.fusion.objects.objects import Objects
from app.fusion.output.output import STREAMS, Output
from app.fusion.picture.book import Book
from app.fusion.records.probe_records import ProbeRecords
from app.fusion.records.reorder import Reorder
from app.fusion.shedding.shed import Shed
from app.fusion.threads.cpu_accounts import CpuAccounts
from app.fusion.threads.lines import Lines
from app.fusion.threads.off_cpu import OffCpu
from app.fusion.threads.operations import Operations
from app.fusion.threads.run_queue import RunQueue
from app.fusion.threads.samples import SampleMachine
from app.fusion.threads.switches import SwitchMachine
from app.timeline.model import Batch
from app.timeline.records import (
    CpuStolen,
    Dropped,
    Limit,
    LineSample,
    OutputChunk,
    ProcessReaped,
    Record,
    SchedStat,
    SignalSent,
    StatSample,
    SwitchIn,
    SwitchOut,
    SyscallSample,
    ThreadBorn,
    ThreadGone,
    ThreadNamed,
    Wakeup,
    Waking,
)
from app.timeline.sealed import Sealed
from app.timeline.states import Evidence

#: The run is given up in pieces of this length. Levels are shown at the end of each.
_PIECE_NS = 10_000_000


class Fusion:
    """Pure: no clock, file, socket or thread; the same records give the same slices.

    ``feed`` takes records in any order. ``advance`` applies those up to a time before which no
    witness will report anything more, and hands out what is new. Times given are CLOCK_MONOTONIC
    in ns, as in the records; times in batches count from the run's start.
    """

    def __init__(self, facts: RunFacts) -> None:
        self._facts = facts
        self._book = book = Book(facts)
        self._reorder = Reorder()
        self._finished = False
        self._ids = ids = Identities(book)
        self._objects = objects = Objects(book)
        self._graph = graph = WaitGraph(book, objects)
        flows = Flows(book, objects)
        self._findings = findings = Findings(book)
        self._endings = endings = Endings(book, ids, flows, graph, findings)
        births = Births(
            book, ids, endings.thread_gone, lambda process, t: endings.reaped(process, t, None)
        )
        evidence = Evidence.KERNEL if facts.switches else Evidence.SAMPLED
        off_cpu = OffCpu(objects, ids, evidence, facts.wake_ups)
        groups = Groups(book, ids, objects)
        queue = RunQueue(book)
        self._operations = operations = Operations(
            book, ids, objects, graph, flows, off_cpu, findings, groups, queue
        )
        tasks = TaskMachine(book, ids, objects, graph, endings, findings, groups)
        self._outputs = {
            stream: Output(book, stream, ids.root.main.track.id) for stream in STREAMS.values()
        }
        self._threads = threads = SwitchMachine(
            book, ids, births, off_cpu, endings, flows, accounts := CpuAccounts(book), queue
        )
        self._sampled = sampled = SampleMachine(book, ids, off_cpu, endings, queue)
        looks: SwitchMachine | SampleMachine = threads if facts.switches else sampled
        self._servers = servers = Servers(book, ids)
        levels = Levels(book, objects)
        probe = ProbeRecords(
            book,
            ids,
            births,
            objects,
            operations,
            tasks,
            flows,
            endings,
            self._outputs,
            sampled,
            groups,
            servers,
            levels,
            accounts,
        )
        self._shed = Shed(
            book,
            ids,
            objects,
            graph,
            flows,
            operations,
            tasks,
            threads,
            groups,
            levels,
            lambda record: self._apply([record]),
            self._reach,
        )
        self._handlers: dict[type[Any], Callable[[int, Any], None]] = {
            SwitchIn: threads.switch_in,
            SwitchOut: threads.switch_out,
            Waking: threads.waking,
            Wakeup: threads.wakeup,
            SignalSent: endings.signal_sent,
            ThreadBorn: threads.thread_born,
            ThreadGone: looks.thread_gone,
            ThreadNamed: threads.thread_named,
            SchedStat: looks.sched_stat,
            StatSample: looks.stat_sample,
            SyscallSample: looks.syscall_sample,
            LineSample: Lines(book, ids, objects).sample,
            ProcessReaped: self._reaped,
            OutputChunk: self._came_out,
            Dropped: self._lost,
            Limit: self._limit,
            CpuStolen: self._stolen,
            **probe.handlers,
        }

    def feed(self, records: Iterable[Record]) -> None:
        """Take in records of any witness, in any order."""
        self._reorder.feed(records)

    def feed_sealed(self, sealed: Iterable[Sealed]) -> None:
        """Take in records that are decoded only when they are applied."""
        self._reorder.feed_sealed(sealed)

    def advance(self, watermark_ns: int) -> Batch:
        """Apply the records with ``t <= watermark_ns``, and return what is new."""
        self._resume()
        self._apply(self._reorder.take(watermark_ns))
        self._reach(watermark_ns - self._facts.start_ns)
        return self._batch()

    def give_up(self, watermark_ns: int) -> None:
        """Give up the records with ``t <= watermark_ns``, except births, ends, names and texts.

        For a worker that can't keep up: it takes a fraction of the time of ``advance``. What the
        records could have changed is unknown from then to the next ``advance``. They count as lost.
        """
        shed = self._shed
        while (t := self._reorder.watermark or self._facts.start_ns) < watermark_ns:
            shed.give_up(self._reorder.take(min(t + _PIECE_NS, watermark_ns)))

    def finish(self, t_ns: int) -> Batch:
        """The run ended at ``t_ns``: apply the records that are left, and close every track."""
        if not self._finished:
            self._finished = True
            self._resume()
            self._apply(self._reorder.take_all())
            self._reach(t_ns - self._facts.start_ns)
            end = self._book.now
            for output in self._outputs.values():
                output.finish(end)
            self._graph.run_over(end)
            self._endings.run_over(end)
            self._servers.run_over(end)
            self._findings.run_over()
        return self._batch(final=True)

    @property
    def waiting(self) -> int:
        """Records that were taken in and are neither applied nor given up."""
        return len(self._reorder)

    @property
    def late(self) -> int:
        """Records that came after the watermark had passed them."""
        return self._reorder.late

    @property
    def lost_since(self) -> int:
        """When the first records were lost, in ns since the run's start."""
        return self._book.lost_since

    @property
    def gaps(self) -> int:
        """Impossible transitions, each now a slice in state ``unknown``."""
        return self._book.gaps

    def _apply(self, records: list[Record]) -> None:
        book, handlers, start = self._book, self._handlers, self._facts.start_ns
        now = book.now
        for record in records:
            t = record.t - start
            if t > now:
                if t >= book.next_timer:
                    book.run_timers(t)
                book.now = now = t
            handlers[type(record)](now, record)

    def _batch(self, final: bool = False) -> Batch:
        if not final:
            self._findings.collect()
        batch = self._book.batch(final)
        self._findings.steps.handed_out()
        return batch

    def _resume(self) -> None:
        if self._shed.under_way:
            self._reach(self._reorder.watermark - self._facts.start_ns)
            self._shed.resume()

    def _reach(self, t: int) -> None:
        """The run's time is ``t`` now, even if no record says so."""
        book = self._book
        if t >= book.next_timer:
            book.run_timers(t)
        book.now = max(book.now, t)

    # --- records that need no machine ----------------------------------------------------------

    def _reaped(self, t: int, record: ProcessReaped) -> None:
        process = self._ids.processes.get(record.pid)
        if process is not None:
            if not self._facts.switches and not process.main.exited:
                self._sampled.ends(t, process.main)
            self._endings.reaped(process, t, record.status)

    def _came_out(self, t: int, record: OutputChunk) -> None:
        output = self._outputs.get(record.stream)
        if output is not None:
            output.came_out(t, record.data)

    def _lost(self, t: int, record: Dropped) -> None:
        """Records were lost: what they could have changed is unknown."""
        self._book.lose(record.lost, record.since - self._facts.start_ns if record.since else t)
        if record.tid:
            life = self._ids.threads.get(record.tid)
            if life is not None and not life.exited:
                self._operations.forget(t, life)
                life.doubtful = True
        elif record.source != "probe":
            for process in list(self._ids.living):
                for life in list(process.threads.values()):
                    since = record.since - self._facts.start_ns if record.since else t
                    self._threads.lost(life, t, since)

    def _stolen(self, t: int, record: CpuStolen) -> None:
        since = max(0, record.since - self._facts.start_ns)
        self._book.stolen(record.cpu, min(since, t), t, record.ns)

    def _limit(self, t: int, record: Limit) -> None:
        self._findings.limit(t, record.name, record.value)
        self._endings.limit(t, record.name)
