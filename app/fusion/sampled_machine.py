"""Threads under a scheduler witness that only looks into /proc now and then.

A look tells the kernel's letter (StatSample) and, by schedstat, how much of the time since the
look before was spent on a CPU and on a run queue (SchedStat, which follows only where it
changed). So what a thread did between two looks is laid out at the second: the sums are the
kernel's, the order and so the edges are *sampled*. Where the probe tells when a wait began and
ended, its edges are the probe's, and its last part is ready where the account says so.

The account lags: time on a CPU is added at a tick or a switch, time on a run queue only when it is
over. But a thread that does not stop either runs or is ready, so from an *anchor*, an instant at
which it ran and its account is known, all its turns follow from the account to the microsecond:
it lost its CPU when it had run for as long as was counted then, and came back when its wait was
counted. What is not counted yet is left open until it is, or until a tick must have come.

What a thread did after the last look is known where its last account is: the probe tells a
thread's own CPU time at its end, and a zombie's account can still be read. Else it is unknown.
"""

from __future__ import annotations

from app.fusion.book import Book
from app.fusion.endings import Endings
from app.fusion.identities import Identities
from app.fusion.lanes import SHORTEST_NS
from app.fusion.lives import Account, Cpu, Look, ThreadLife
from app.fusion.off_cpu import OffCpu
from app.fusion.runqueue import RunQueue
from app.timeline.model import NO_CPU
from app.timeline.records import SchedStat, StatSample, SyscallSample, TaskExit
from app.timeline.states import Evidence, State

#: Who runs is counted at each tick of the kernel's clock: 4 ms apart here, 10 ms at most.
TICK_NS = 12_000_000
#: All threads are looked at within this time; a witness that looks more often there is none.
ROUND_NS = 1_000_000
#: Of who runs now, not more is uncounted.
LAG_NS = 6_000_000
#: So long a thread runs inside an operation at most, before it stops and after it came.
EDGE_NS = 20_000
#: A time that follows from the account is so much off at most.
SLACK_NS = 300_000
#: A thread that stands still at both looks, and did less than this in between, did nothing.
LEAST_NS = 100_000
_WAITS = frozenset({State.BLOCKED, State.GIL})
_ON_CPU = frozenset({State.RUNNING, State.READY})


class SampledMachine:
    """StatSample, SchedStat and SyscallSample records in, thread slices out."""

    def __init__(self, book: Book, who: Identities, off_cpu: OffCpu, endings: Endings) -> None:
        self._book = book
        self._queue = RunQueue(book)
        self._who = who
        self._off_cpu = off_cpu
        self._endings = endings
        self._round = self._round_before = 0  # times of the last looks at all threads

    def stat_sample(self, t: int, record: StatSample) -> None:
        life = self._live(record.tid)
        if life is None:
            return
        if life.look is not None and not life.look.decided:
            self._decide(life, life.look, None, 0)
        if record.state in "ZX":
            if life is life.process.main:
                self._endings.thread_gone(life, t, Evidence.SAMPLED)
            return
        life.last = None
        if t - self._round > ROUND_NS:
            self._round_before, self._round = self._round, t
        before = life.look.t if life.look is not None else None
        life.look = Look(t, before, record.state, record.cpu)

    def task_exit(self, t: int, record: TaskExit) -> None:
        """Gone since some time after the last look; what it did after that is not known."""
        life = self._live(record.tid)
        if life is None or life.process.pid != record.pid:
            return
        self.ends(t, life)
        self._endings.thread_gone(life, t, Evidence.SAMPLED)

    def ends(self, t: int, life: ThreadLife) -> None:
        """Lay out what the thread did from the last look at it to its end."""
        look, lane, last = life.look, life.lane, life.last
        if look is not None and not look.decided:
            self._decide(life, look, None, 0)
        if last is not None:
            self._lay_last(life, t, last[0], life.account or last[0], last[1])
        elif look is not None and lane.state in _ON_CPU:
            lane.change(max(look.t, lane.start), State.UNKNOWN, Evidence.MISSING)

    def told(self, t: int, life: ThreadLife, run_ns: int) -> None:
        """The probe tells the thread's own CPU time at its end: the kernel's, and up to date."""
        if life.exited or (life.account is None and life is self._who.root.main):
            return  # what it did before the run is not known
        if life.look is not None and not life.look.decided:
            self._decide(life, life.look, None, 0)
        before = life.account or Account(0, 0, 0)
        life.account = before._replace(run_ns=max(run_ns, before.run_ns))
        self._lay_last(life, t, before, life.account, 0)
        life.anchor = t, life.account.run_ns
        life.look = Look(t, None, "R", NO_CPU)
        life.look.decided = True
        self._set_cpu(life, Cpu.RUNNING, t)
        self._count(t, life)

    def sched_stat(self, t: int, record: SchedStat) -> None:
        life = self._live(record.tid)
        if life is None:
            return
        before = life.account
        account = Account(record.run_ns, record.wait_ns, record.slices)
        if before is None:
            before = Account(0, 0, 0)
            if life is self._who.root.main:
                # What it did before the program began is not its own.
                before = life.base = account
        # What the thread told itself may be ahead of a reading from outside.
        account = life.account = Account(*map(max, account, before))
        wait = account.wait_ns - before.wait_ns
        if life.lane.holding:
            # A thread runs a little after it told that it will wait, and before it tells that
            # it did: what was counted beyond what is shown.
            shown = life.base.run_ns + life.lane.total(State.RUNNING, t)
            life.lane.widen(account.run_ns - shown, EDGE_NS)
        shares = self._queue.shares(life, wait)
        look = life.look
        if look is not None and not look.decided:
            self._decide(life, look, before, wait - sum(shares))
        elif look is not None:
            life.last = before, wait - sum(shares)  # of a zombie: without a look at its state
        self._queue.settle(life, shares)
        life.counted_ns = t
        self._count(t, life)

    def syscall_sample(self, t: int, record: SyscallSample) -> None:
        life = self._live(record.tid)
        if life is not None and life.op is None and life.lane.state in _WAITS:
            self._off_cpu.sampled(life, record)

    def _decide(self, life: ThreadLife, look: Look, before: Account | None, wait: int) -> None:
        """What the thread did up to the look, having waited for a CPU so long since ``before``."""
        look.decided = True
        lane, account = life.lane, life.account or Account(0, 0, 0)
        before = before or account
        if look.letter in "Tt":
            self._set_cpu(life, Cpu.OFF, look.t)
            life.anchor = None
            if lane.state is not State.STOPPED:
                lane.change(max(look.t, lane.start), State.STOPPED, Evidence.SAMPLED)
        elif look.letter == "R":
            self._runnable(life, look, before, wait)
        elif lane.state in _WAITS or (life.op is not None and lane.state not in _ON_CPU):
            self._set_cpu(life, Cpu.OFF, look.t)
            life.expected = account.run_ns
            if not self._woke_for_little(life, look, before, wait) and life.op is None:
                self._off_cpu.decide(life)
        else:
            floor = self._floor(life, look)
            if lane.state is State.READY and account == before:
                # It must have run, but the account was read in between: who knows when.
                lane.change(floor, State.UNKNOWN, Evidence.MISSING)
                stop = look.t
            else:
                stop = max(floor, min(self._turns(life, look, before, wait), look.t))
                if lane.state is State.READY:
                    self._put(life, stop - SHORTEST_NS, State.RUNNING, look.cpu)
            stop = min(max(stop, lane.start + SHORTEST_NS), self._book.now)
            life.anchor, life.expected = None, account.run_ns
            self._set_cpu(life, Cpu.OFF, stop)
            self._off_cpu.begin(life, stop)

    def _woke_for_little(self, life: ThreadLife, look: Look, before: Account, wait: int) -> bool:
        """A thread that stands still was on a run queue and a CPU since the look before, and stood
        still again; True when that was long enough to be shown."""
        lane, floor = life.lane, self._floor(life, look)
        run = min((life.account or before).run_ns - before.run_ns, look.t - floor)
        wait = min(wait, look.t - lane.start - max(run, SHORTEST_NS))
        if lane.state not in _WAITS or run + wait < LEAST_NS:
            return False
        if life.op is not None and life.op.entered > life.counted_ns:
            return False  # it may have been before that operation
        came = max((floor + look.t - run) // 2, lane.start + wait)
        came = min(came, look.t - max(run, SHORTEST_NS))
        self._off_cpu.close(life, came - wait)
        if wait:
            self._put(life, came - wait, State.READY)
        self._put(life, came, State.RUNNING, look.cpu)
        stop = max(lane.start + SHORTEST_NS, came + run)
        self._off_cpu.begin(life, min(stop, self._book.now))
        return True

    def _floor(self, life: ThreadLife, look: Look) -> int:
        """Nothing that the look told anew is older."""
        before = look.t if look.before is None else look.before
        if self._round_before < look.t:
            before = max(before, self._round_before)
        return max(life.lane.start, before)

    def _turns(self, life: ThreadLife, look: Look, before: Account, wait: int) -> int:
        """Lay out the turns on a CPU since the anchor of a thread that did not stop meanwhile.

        Returns until when it ran by what is counted.
        """
        lane, run_ns = life.lane, (life.account or before).run_ns
        floor = self._floor(life, look)
        t, ran = life.anchor or (floor, before.run_ns)
        latest = look.t if look.letter == "R" else look.t - SHORTEST_NS  # it ran, be it briefly
        if lane.state is State.READY:
            # It came when its wait was over; without one that is counted, since the look before.
            came = lane.start + wait if wait else floor
            if not wait and run_ns == before.run_ns:
                return lane.start
            came = min(max(came, floor), latest)
            self._put(life, came, State.RUNNING, look.cpu)
            life.anchor = t, ran = came, before.run_ns
        elif wait:
            # It lost its CPU when it had run for what was counted by the look before; or, if it
            # did so after that, by this one.
            left = t + before.run_ns - ran
            if left + wait < floor - SLACK_NS and look.letter == "R":
                left = t + run_ns - ran
            left = max(t, lane.start, min(max(left, floor - wait), latest - wait))
            self._put(life, left, State.READY)
            self._put(life, left + wait, State.RUNNING, look.cpu)
            life.anchor = t, ran = left + wait, ran + left - t
        return t + run_ns - ran

    def _runnable(self, life: ThreadLife, look: Look, before: Account, wait: int) -> None:
        """It runs, or stands on a run queue: which of them, only the account tells."""
        lane, account = life.lane, life.account or before
        counted, floor = account.run_ns - before.run_ns, self._floor(life, look)
        if life.op is not None and lane.state in _WAITS and 2 * counted < look.t - floor:
            # Queued for a CPU inside its wait: the probe tells when that is over.
            self._woke_for_little(life, look, before, wait)
            return
        if lane.state in _WAITS:
            if account.slices == before.slices:
                return  # woken, but it did not come on a CPU yet: what it waits is counted then
            came = self._came(life, floor + wait, max(floor, look.t - counted))
            self._off_cpu.close(life, max(lane.start, came - wait))
            if wait:
                self._put(life, came - wait, State.READY)
            self._put(life, came, State.RUNNING, look.cpu)
            life.anchor = came, before.run_ns
            for other, _ in life.process.stopped_executing:
                if other.lane.state is State.BLOCKED and other.op is None and not other.exited:
                    self._off_cpu.decide(other)
        elif lane.state in _ON_CPU:
            until = self._turns(life, look, before, wait)
            t, ran = life.anchor or (look.t, account.run_ns)
            if counted and until < floor:
                ran -= floor - until  # it ran at a tick since: more was shown than it had run
            elif until > look.t:
                ran += until - look.t
            elif look.t - until > TICK_NS and lane.state is State.RUNNING:
                self._put(life, until, State.READY)
            life.anchor = t, ran
        else:
            self._put(life, look.t, State.RUNNING, look.cpu)
            life.anchor = look.t, account.run_ns
        self._set_cpu(life, Cpu.RUNNING if lane.state is State.RUNNING else Cpu.READY, look.t)

    @staticmethod
    def _came(life: ThreadLife, earliest: int, latest: int) -> int:
        """When a thread came on a CPU between two looks: when another stopped, if it waited for
        the GIL, else in the middle of when it can have been."""
        if life.lane.state is State.GIL:
            for _, stopped in life.process.stopped_executing:
                if earliest <= stopped <= latest:
                    return stopped
        return (min(max(earliest, latest - LAG_NS), latest) + latest) // 2

    def _lay_last(self, life: ThreadLife, t: int, before: Account, end: Account, wait: int) -> None:
        """The thread ends at ``t``, with the account ``end``; ``before`` was the last look's."""
        lane = life.lane
        floor = lane.start if life.look is None else max(lane.start, life.look.t)
        run = end.run_ns - before.run_ns
        if lane.state is State.RUNNING and life.anchor is not None:
            floor = max(lane.start, life.anchor[0])
            run = end.run_ns - life.anchor[1]
        if t <= floor:
            return
        run = min(max(0, run), t - floor)
        wait = min(max(0, wait), t - floor - run)
        waited = lane.state in _WAITS or lane.state is State.STOPPED
        rest = (lane.state if waited else State.UNKNOWN, t - floor - run - wait)
        parts = (rest, (State.READY, wait), (State.RUNNING, run))
        if lane.state is State.RUNNING:
            parts = parts[::-1]
        for state, length in parts:
            if length > 0:
                if lane.state is not state:
                    known = Evidence.MISSING if state is State.UNKNOWN else Evidence.SAMPLED
                    lane.change(floor, state, known)
                floor += length

    @staticmethod
    def _count(t: int, life: ThreadLife) -> None:
        """Statistics go by the account."""
        if life.account is not None:
            account, base = life.account, life.base
            life.lane.counted(t, account.run_ns - base.run_ns, account.wait_ns - base.wait_ns)

    def _put(self, life: ThreadLife, t: int, state: State, cpu: int = NO_CPU) -> None:
        """From ``t`` on the thread was in this state."""
        lane = life.lane
        if lane.state is state:
            return
        t = max(t, lane.start)
        if t == lane.start and state is State.READY and lane.before is State.READY:
            t += SHORTEST_NS  # it ran in between, be it briefly
        if t <= self._book.now:
            lane.change(t, state, Evidence.SAMPLED, cpu=cpu)

    @staticmethod
    def _set_cpu(life: ThreadLife, cpu: Cpu, t: int) -> None:
        life.cpu = cpu
        if life.python:
            life.process.update_executing(life, t)

    def _live(self, tid: int) -> ThreadLife | None:
        life = self._who.threads.get(tid)
        return life if life is not None and not life.exited else None
