"""Threads under a scheduler witness that only looks into /proc now and then.

A look shows the kernel's letter (StatSample) and, from schedstat, how much of the time since the
look before was spent on a CPU and on a run queue (SchedStat, which follows only if it changed). So
what a thread did between two looks is laid out at the second one: the totals are the kernel's, the
order and so the edges are *sampled*. If the probe recorded a wait, its edges are the probe's, and
its last part is ready if the account says so.

What a thread did after its last look is known only with its last account: the probe records a
thread's own CPU time at its end, and a zombie's account can still be read.
"""

from __future__ import annotations

from app.fusion.between.endings import Endings
from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import ThreadLife
from app.fusion.lives.reports import Account
from app.fusion.picture.book import Book
from app.fusion.threads.between_looks import ON_CPU, WAITS, BetweenLooks
from app.fusion.threads.off_cpu import OffCpu
from app.fusion.threads.run_queue import RunQueue
from app.timeline.records import SchedStat, StatSample, SyscallSample, ThreadGone
from app.timeline.states import Evidence, State

#: How long a thread runs inside an operation at most, before it stops and after it wakes.
EDGE_NS = 20_000


class SampleMachine:
    """StatSample, SchedStat and SyscallSample records in, thread slices out."""

    def __init__(
        self, book: Book, ids: Identities, off_cpu: OffCpu, endings: Endings, queue: RunQueue
    ) -> None:
        self._looks = BetweenLooks(book, off_cpu)
        self._queue = queue
        self._ids = ids
        self._off_cpu = off_cpu
        self._endings = endings

    def stat_sample(self, t: int, record: StatSample) -> None:
        life = self._live(record.tid)
        if life is None:
            return
        if life.looks.look is not None and not life.looks.look.decided:
            self._looks.decide(life, life.looks.look, None, 0)
        if record.state in "ZX":
            if life is life.process.main:
                self._endings.thread_gone(life, t, Evidence.SAMPLED)
            return
        life.readings.without_look = None
        self._looks.looked(life, t, record.state, record.cpu)

    def thread_gone(self, t: int, record: ThreadGone) -> None:
        """The thread ended at some time after the last look."""
        life = self._live(record.tid)
        if life is None or life.process.pid != record.pid:
            return
        self.ends(t, life)
        self._endings.thread_gone(life, t, Evidence.SAMPLED)

    def ends(self, t: int, life: ThreadLife) -> None:
        """Lay out what the thread did from the last look at it to its end."""
        look, lane, last = life.looks.look, life.lane, life.readings.without_look
        if look is not None and not look.decided:
            self._looks.decide(life, look, None, 0)
        if last is not None:
            self._looks.lay_last(life, t, last[0], life.readings.account or last[0], last[1])
        elif look is not None and lane.state in ON_CPU:
            lane.change(max(look.t, lane.start), State.UNKNOWN, Evidence.MISSING)

    def own_reading(self, t: int, life: ThreadLife, run_ns: int) -> None:
        """The thread read its own account at its end: that is up to date."""
        if life.exited or (life.readings.account is None and life is self._ids.root.main):
            return  # what it did before the run is not known
        if life.looks.look is not None and not life.looks.look.decided:
            self._looks.decide(life, life.looks.look, None, 0)
        readings = life.readings
        before = readings.account or Account(0, 0, 0)
        readings.account = before._replace(run_ns=max(run_ns, before.run_ns))
        self._looks.lay_last(life, t, before, readings.account, 0)
        self._looks.ran_until(life, t, readings.account.run_ns)
        self._count(t, life)

    def sched_stat(self, t: int, record: SchedStat) -> None:
        life = self._live(record.tid)
        if life is None:
            return
        readings = life.readings
        before = readings.account
        account = Account(record.run_ns, record.wait_ns, record.slices)
        if before is None:
            before = Account(0, 0, 0)
            if life is self._ids.root.main:
                # What it did before the program began is not its own.
                before = readings.before_run = account
        # What the thread read itself may be ahead of a reading from outside.
        account = readings.account = Account(*map(max, account, before))
        wait = account.wait_ns - before.wait_ns
        if life.lane.holding:
            # A thread runs a little after the record that its wait begins, and before the record
            # that it is over: that is what was counted beyond what is shown.
            shown = readings.before_run.run_ns + life.lane.total(State.RUNNING, t)
            life.lane.widen(account.run_ns - shown, EDGE_NS)
        shares = self._queue.shares(life, wait)
        look = life.looks.look
        if look is not None and not look.decided:
            self._looks.decide(life, look, before, wait - sum(shares))
        elif look is not None:
            readings.without_look = before, wait - sum(shares)  # of a zombie
        self._queue.settle(life, shares)
        readings.read_at = t
        self._count(t, life)

    def syscall_sample(self, t: int, record: SyscallSample) -> None:
        life = self._live(record.tid)
        if life is not None and life.op is None and life.lane.state in WAITS:
            self._off_cpu.sampled(life, record)

    @staticmethod
    def _count(t: int, life: ThreadLife) -> None:
        """Let the statistics follow the account."""
        account, before = life.readings.account, life.readings.before_run
        if account is not None:
            life.lane.counted(t, account.run_ns - before.run_ns, account.wait_ns - before.wait_ns)

    def _live(self, tid: int) -> ThreadLife | None:
        life = self._ids.threads.get(tid)
        return life if life is not None and not life.exited else None


def forget_readings(life: ThreadLife) -> None:
    """The thread's records were given up: what was read without a look can't be laid out."""
    life.readings.without_look = None


def read_unseen(life: ThreadLife, record: SchedStat) -> None:
    """A reading among records that are given up: the account goes on from it."""
    account = life.readings.account
    if account is not None:
        read = record.run_ns, record.wait_ns, record.slices
        life.readings.account = Account(*map(max, read, account))
