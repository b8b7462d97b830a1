"""Threads under a scheduler witness that sees every context switch."""

from __future__ import annotations

from app.fusion.between.endings import Endings
from app.fusion.between.flows import Flows
from app.fusion.lives import gil_rules
from app.fusion.lives.births import Births
from app.fusion.lives.gil_rules import update_executing
from app.fusion.lives.identities import COMM, Identities
from app.fusion.lives.lives import ThreadLife
from app.fusion.lives.reports import Cpu
from app.fusion.picture.book import Book
from app.fusion.picture.lane import Lane
from app.fusion.threads.cpu_accounts import CpuAccounts
from app.fusion.threads.off_cpu import OffCpu, satisfy
from app.fusion.threads.run_queue import RunQueue
from app.timeline.model import NOTHING
from app.timeline.records import (
    SchedStat,
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
from app.timeline.states import Evidence, Reason, State

# Members of enums, looked up once: that takes longer than most of what is done with them here.
_UNSEEN, _ON, _QUEUED, _OFF, _WOKEN = Cpu.UNSEEN, Cpu.RUNNING, Cpu.READY, Cpu.OFF, Cpu.WOKEN
_NEW, _READY, _RUNNING = State.NEW, State.READY, State.RUNNING
_KERNEL, _NONE = Evidence.KERNEL, Reason.NONE
_OFF_STATES = frozenset({State.BLOCKED, State.GIL, State.STOPPED})
#: In these states a thread stays at one line.
_STOOD = frozenset({State.READY, *_OFF_STATES})


class SwitchMachine:
    """Kernel records in, thread slices out. All ``t`` are ns since the run's start."""

    def __init__(
        self,
        book: Book,
        ids: Identities,
        births: Births,
        off_cpu: OffCpu,
        endings: Endings,
        flows: Flows,
        accounts: CpuAccounts,
        queue: RunQueue,
    ) -> None:
        self._book = book
        self._ids = ids
        self._births = births
        self._lives = ids.threads
        self._off_cpu = off_cpu
        self._endings = endings
        self._flows = flows
        self._queue = queue
        self._accounts = accounts
        self._evidence = off_cpu.evidence

    # --- births and deaths ---------------------------------------------------------------------

    def thread_born(self, t: int, record: ThreadBorn) -> None:
        ids = self._ids
        known = ids.threads.get(record.tid)
        parent = self._live(record.ptid) or ids.of_pid(record.ppid)
        if known is not None and not known.exited:
            if record.sampled or known.lane.state is State.NEW or known is ids.root.main:
                # The probe, or another look into /proc, was first to see it.
                if record.tid == record.pid and parent is not None:
                    ids.parented(known.process, parent.process)
                return
            if known.process.pid == record.pid and record.tid != record.pid:
                self._endings.thread_gone(
                    known, t
                )  # the end of the thread that had this tid was lost
        evidence = Evidence.SAMPLED if record.sampled else Evidence.KERNEL
        life = self._births.born(record.pid, record.tid, parent, t, evidence)
        if not record.sampled:
            self._queue.born(life)
            self._accounts.born(life)
        if parent is not None:
            self._flows.born(parent, life, t)

    def thread_gone(self, t: int, record: ThreadGone) -> None:
        life = self._live(record.tid)
        if life is not None and life.process.pid == record.pid:
            self._queue.over(life)
            self._endings.thread_gone(life, t)

    def thread_named(self, t: int, record: ThreadNamed) -> None:
        life = self._live(record.tid)
        if life is None:
            return
        main = life.process.main
        if life is main or record.comm != main.track.name:
            self._ids.name(life, record.comm, COMM)
        if record.exec:
            life.python = life.ring = False
            life.process.gil.set_interval()
            life.op = None
            update_executing(life, t)

    # --- context switches ----------------------------------------------------------------------

    def switch_in(self, t: int, record: SwitchIn) -> None:
        _, pid, tid, number = record
        life = self._lives.get(tid)
        if life is None or life.exited:
            if life is not None and t - (life.process.exit_ns or life.lane.start) < _AFTERMATH_NS:
                return
            life = self._births.thread(pid, tid, t)
        lane = life.lane
        cpu = life.cpu
        count = life.switches
        count.switch_ins += 1
        if cpu is _OFF:
            if lane.state in _OFF_STATES:
                self._off_cpu.close(life, t, unreported=True)
            count.unknown_switch_ins += 1
            self._queue.before_switch_in(life, t)
            satisfy(life)
        elif cpu is _WOKEN or cpu is _QUEUED:
            count.known_ready_ns += t - life.runnable_since
        elif cpu is _ON:
            if lane.start == t and lane.cpu == number:
                return
            lane.gap()
        elif cpu is _UNSEEN:
            count.unknown_switch_ins += 1
        life.cpu = _ON
        line = _stands_at(life, lane)
        lane.change(t, _RUNNING, _KERNEL, _NONE, NOTHING, NOTHING, number, line)
        if life.python:
            gil = life.process.gil
            if cpu is not _QUEUED:
                update_executing(life, t)
            elif life.op is None and gil.holder is not life and gil.followed:
                gil_rules.changed(life, t)
            if gil.shown_as:
                gil_rules.label(life)

    def switch_out(self, t: int, record: SwitchOut) -> None:
        _, pid, tid, _, preempted, stopped = record
        life = self._lives.get(tid)
        if life is None or life.exited:
            if life is not None:
                return
            life = self._births.thread(pid, tid, t)
        lane = life.lane
        if life.cpu is not _ON:
            if life.cpu is not _UNSEEN:
                if lane.start == t:
                    return
                lane.gap()
            elif lane.state is _NEW:
                # It left a CPU that it was not seen to get: when it began to run is not known.
                lane.gap()
        if preempted:
            lane.involuntary += 1
            gil = life.process.gil
            if life.python and gil.holder is not life and gil.followed:
                gil_rules.changed(life, t)
            life.cpu = _QUEUED
            life.runnable_since = t
            lane.change(t, _READY, _KERNEL, line=life.op.line if life.op is not None else 0)
            if gil.shown_as:
                gil_rules.label(life)
            return
        lane.voluntary += 1
        gil_rules.left_for(life, t)
        life.cpu = _OFF
        if life.python:
            update_executing(life, t)
        self._off_cpu.begin(life, t)
        if stopped:
            lane.relabel(State.STOPPED, _KERNEL)
        if life.woken_early is not None:
            (since, waker), life.woken_early = life.woken_early, None
            if t - since < _LEAVING_NS:
                self._woken(life, waker, t)

    # --- wake-ups ------------------------------------------------------------------------------

    def waking(self, t: int, record: Waking) -> None:
        """Note the waker, for the flow. The thread is ready once it is on a run queue."""
        _, tid, _, waker_tid = record
        life = self._lives.get(tid)
        if life is None or life.exited:
            return
        if life.cpu is _OFF:
            self._woken(life, waker_tid, t)
        elif life.cpu is _ON:
            life.woken_early = t, waker_tid

    def _woken(self, life: ThreadLife, waker_tid: int, t: int) -> None:
        if not waker_tid:
            self._off_cpu.woken_by_clock(life, t)
            return
        waker = self._lives.get(waker_tid)
        if waker is life:
            return
        if waker is not None and not waker.exited:
            self._flows.waking(life, waker, t)
            if waker.process is life.process:
                self._off_cpu.woken_by(life, waker, t)
                return
        self._off_cpu.woken_from_outside(life)

    def wakeup(self, t: int, record: Wakeup) -> None:
        """A wake-up of a thread that isn't off its CPU says nothing; each may be recorded twice."""
        life = self._lives.get(record[1])
        if life is None or life.exited:
            return
        lane = life.lane
        if life.cpu is _OFF:
            if lane.state in _OFF_STATES:
                self._off_cpu.close(life, t)
            satisfy(life)
            self._flows.woken(life, t)
        elif lane.state is not _NEW or life.cpu is not _UNSEEN:
            return
        life.cpu = _WOKEN
        life.runnable_since = t
        lane.change(t, _READY, _KERNEL, line=_stands_at(life, lane))
        if life.process.gil.shown_as:
            gil_rules.label(life)

    # --- readings of /proc ---------------------------------------------------------------------

    def sched_stat(self, t: int, record: SchedStat) -> None:
        life = self._live(record.tid)
        if life is not None:
            self._queue.reading(life, record.wait_ns, record.slices)
            self._accounts.reading(life, t, record.run_ns, record.slices)

    def stat_sample(self, t: int, record: StatSample) -> None:
        life = self._live(record.tid)
        if life is None:
            return
        if record.state in "Tt":
            if life.lane.state in _OFF_STATES and life.lane.state is not State.STOPPED:
                life.lane.relabel(State.STOPPED, Evidence.SAMPLED)
        elif record.state == "Z" and life is life.process.main:
            self._endings.thread_gone(life, t, Evidence.SAMPLED)

    def syscall_sample(self, t: int, record: SyscallSample) -> None:
        life = self._live(record.tid)
        if life is not None and life.cpu is _OFF:
            self._off_cpu.sampled(life, record)

    @staticmethod
    def forget_wake_up(life: ThreadLife) -> None:
        """The thread's records were given up: an early wake-up belongs to an earlier stop."""
        life.woken_early = None

    def lost(self, life: ThreadLife, t: int, since: int) -> None:
        """Switches of this thread may have been lost: what it did from then on is not known."""
        if life.exited:
            return
        life.cpu = _UNSEEN
        update_executing(life, t)
        self._queue.lost(life)
        self._accounts.lost(life)
        # A slice that began meanwhile was recorded on another CPU, which may have lost its end.
        life.lane.change(max(since, life.lane.start), State.UNKNOWN, Evidence.MISSING)

    def _live(self, tid: int) -> ThreadLife | None:
        life = self._lives.get(tid)
        return life if life is not None and not life.exited else None


def _stands_at(life: ThreadLife, lane: Lane) -> int:
    """The line at which a thread goes on: where it was while off its CPU; 0 if not known."""
    if lane.line and lane.state in _STOOD:
        return lane.line
    op = life.op
    return op.line if op is not None else 0


#: Another CPU may wake a thread that has left the run queue and is still on its CPU, this long.
_LEAVING_NS = 10_000
#: A thread still switches a few times after the record of its exit.
_AFTERMATH_NS = 20_000_000
