"""What a thread did between two looks into /proc, laid out as slices.

The account lags: time on a CPU is added at a tick or a switch, time on a run queue only when it is
over. But a thread that does not stop either runs or is ready. So from an *anchor*, a time at which
it ran and its account is known, its turns on the CPU follow from the account to the microsecond:
it lost the CPU when it had run for what was counted by then, and got it back when its wait was
counted. What is not counted yet is left open until it is, or until a tick must have come.
"""

from __future__ import annotations

from app.fusion.lives.gil_rules import update_executing
from app.fusion.lives.lives import ThreadLife
from app.fusion.lives.reports import Account, Cpu, Look
from app.fusion.picture.book import Book
from app.fusion.picture.lane import SHORTEST_NS
from app.fusion.threads.off_cpu import OffCpu
from app.timeline.model import NO_CPU
from app.timeline.states import Evidence, State

#: The kernel counts a running thread's time at each tick of its clock, at most 10 ms apart.
TICK_NS = 12_000_000
#: All threads are looked at within this time. No witness looks more often.
ROUND_NS = 1_000_000
#: Of a thread that runs, at most this is not counted yet.
LAG_NS = 6_000_000
#: A time that follows from the account is off by at most this.
SLACK_NS = 300_000
#: A thread that is stopped at both looks and did less than this in between did nothing.
LEAST_NS = 100_000
WAITS = frozenset({State.BLOCKED, State.GIL})
ON_CPU = frozenset({State.RUNNING, State.READY})


class BetweenLooks:
    """Decides each look once the account after it is known. Times are ns since the run's start."""

    def __init__(self, book: Book, off_cpu: OffCpu) -> None:
        self._book = book
        self._off_cpu = off_cpu
        self._round = self._round_before = 0  # times of the last looks at all threads

    def looked(self, life: ThreadLife, t: int, letter: str, cpu: int) -> None:
        """A look at the thread. What it did before is decided when its account is known."""
        if t - self._round > ROUND_NS:
            self._round_before, self._round = self._round, t
        before = life.looks.look.t if life.looks.look is not None else None
        life.looks.look = Look(t, before, letter, cpu)

    def decide(self, life: ThreadLife, look: Look, before: Account | None, wait: int) -> None:
        """Lay out what the thread did up to the look. ``wait``: for a CPU, since ``before``."""
        look.decided = True
        lane, account = life.lane, life.readings.account or Account(0, 0, 0)
        before = before or account
        if look.letter in "Tt":
            self.set_cpu(life, Cpu.OFF, look.t)
            life.looks.anchor = None
            if lane.state is not State.STOPPED:
                lane.change(max(look.t, lane.start), State.STOPPED, Evidence.SAMPLED)
        elif look.letter == "R":
            self._runnable(life, look, before, wait)
        elif lane.state in WAITS or (life.op is not None and lane.state not in ON_CPU):
            self.set_cpu(life, Cpu.OFF, look.t)
            life.looks.expected_run_ns = account.run_ns
            if not self._woke_for_little(life, look, before, wait) and life.op is None:
                self._off_cpu.decide(life)
        else:
            floor = self._floor(life, look)
            if lane.state is State.READY and account == before:
                # It must have run, but it isn't known when: the account was read in between.
                lane.change(floor, State.UNKNOWN, Evidence.MISSING)
                stop = look.t
            else:
                stop = max(floor, min(self._turns_until(life, look, before, wait), look.t))
                if lane.state is State.READY:
                    self._put(life, stop - SHORTEST_NS, State.RUNNING, look.cpu)
            stop = min(max(stop, lane.start + SHORTEST_NS), self._book.now)
            life.looks.anchor, life.looks.expected_run_ns = None, account.run_ns
            self.set_cpu(life, Cpu.OFF, stop)
            self._off_cpu.begin(life, stop)

    def _woke_for_little(self, life: ThreadLife, look: Look, before: Account, wait: int) -> bool:
        """A stopped thread may have been on a run queue and a CPU since the look before, and have
        stopped again. Returns True if that was long enough to be shown.
        """
        lane, floor = life.lane, self._floor(life, look)
        run = min((life.readings.account or before).run_ns - before.run_ns, look.t - floor)
        wait = min(wait, look.t - lane.start - max(run, SHORTEST_NS))
        if lane.state not in WAITS or run + wait < LEAST_NS:
            return False
        if life.op is not None and life.op.entered > life.readings.read_at:
            return False  # that may have been before its operation
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
        """No change that the look shows for the first time is older than this."""
        before = look.t if look.before is None else look.before
        if self._round_before < look.t:
            before = max(before, self._round_before)
        return max(life.lane.start, before)

    def _turns_until(self, life: ThreadLife, look: Look, before: Account, wait: int) -> int:
        """Lay out the turns on a CPU, since its anchor, of a thread that did not stop meanwhile.

        Returns the time until which it ran, by what is counted.
        """
        lane, run_ns = life.lane, (life.readings.account or before).run_ns
        floor = self._floor(life, look)
        t, ran = life.looks.anchor or (floor, before.run_ns)
        latest = look.t if look.letter == "R" else look.t - SHORTEST_NS  # it did run, if briefly
        if lane.state is State.READY:
            # It got the CPU when its wait was over, or after the look before if none is counted.
            came = lane.start + wait if wait else floor
            if not wait and run_ns == before.run_ns:
                return lane.start
            came = min(max(came, floor), latest)
            self._put(life, came, State.RUNNING, look.cpu)
            life.looks.anchor = t, ran = came, before.run_ns
        elif wait:
            # It lost its CPU when it had run for what was counted by the look before; if that is
            # too early, by this one.
            left = t + before.run_ns - ran
            if left + wait < floor - SLACK_NS and look.letter == "R":
                left = t + run_ns - ran
            left = max(t, lane.start, min(max(left, floor - wait), latest - wait))
            self._put(life, left, State.READY)
            self._put(life, left + wait, State.RUNNING, look.cpu)
            life.looks.anchor = t, ran = left + wait, ran + left - t
        return t + run_ns - ran

    def _runnable(self, life: ThreadLife, look: Look, before: Account, wait: int) -> None:
        """The thread runs or is on a run queue. Only the account tells which."""
        lane, account = life.lane, life.readings.account or before
        counted, floor = account.run_ns - before.run_ns, self._floor(life, look)
        if life.op is not None and lane.state in WAITS and 2 * counted < look.t - floor:
            # It is on a run queue inside its wait, whose end the probe will record.
            self._woke_for_little(life, look, before, wait)
            return
        if lane.state in WAITS:
            if account.slices == before.slices:
                return  # woken, but without a CPU so far: its wait is counted when it gets one
            came = self._came(life, floor + wait, max(floor, look.t - counted))
            self._off_cpu.close(life, max(lane.start, came - wait))
            if wait:
                self._put(life, came - wait, State.READY)
            self._put(life, came, State.RUNNING, look.cpu)
            life.looks.anchor = came, before.run_ns
            for other, _ in life.process.gil.stopped_executing:
                if other.lane.state is State.BLOCKED and other.op is None and not other.exited:
                    self._off_cpu.decide(other)
        elif lane.state in ON_CPU:
            until = self._turns_until(life, look, before, wait)
            t, ran = life.looks.anchor or (look.t, account.run_ns)
            if counted and until < floor:
                ran -= floor - until  # a tick has come since, so more was shown than it had run
            elif until > look.t:
                ran += until - look.t
            elif look.t - until > TICK_NS and lane.state is State.RUNNING:
                self._put(life, until, State.READY)
            life.looks.anchor = t, ran
        else:
            self._put(life, look.t, State.RUNNING, look.cpu)
            life.looks.anchor = look.t, account.run_ns
        self.set_cpu(life, Cpu.RUNNING if lane.state is State.RUNNING else Cpu.READY, look.t)

    @staticmethod
    def _came(life: ThreadLife, earliest: int, latest: int) -> int:
        """When a thread got a CPU between two looks: if it waited for the GIL, when another thread
        stopped; else in the middle of the time in which it can have been.
        """
        if life.lane.state is State.GIL:
            for _, stopped in life.process.gil.stopped_executing:
                if earliest <= stopped <= latest:
                    return stopped
        return (min(max(earliest, latest - LAG_NS), latest) + latest) // 2

    def lay_last(self, life: ThreadLife, t: int, before: Account, end: Account, wait: int) -> None:
        """The thread ends at ``t`` with the account ``end``; at the last look it had ``before``."""
        lane = life.lane
        floor = lane.start if life.looks.look is None else max(lane.start, life.looks.look.t)
        run = end.run_ns - before.run_ns
        if lane.state is State.RUNNING and life.looks.anchor is not None:
            floor = max(lane.start, life.looks.anchor[0])
            run = end.run_ns - life.looks.anchor[1]
        if t <= floor:
            return
        run = min(max(0, run), t - floor)
        wait = min(max(0, wait), t - floor - run)
        waited = lane.state in WAITS or lane.state is State.STOPPED
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

    def _put(self, life: ThreadLife, t: int, state: State, cpu: int = NO_CPU) -> None:
        """From ``t`` on the thread was in this state."""
        lane = life.lane
        if lane.state is state:
            return
        t = max(t, lane.start)
        if t == lane.start and state is State.READY and lane.before is State.READY:
            t += SHORTEST_NS  # it did run in between, if briefly
        if t <= self._book.now:
            lane.change(t, state, Evidence.SAMPLED, cpu=cpu)

    def ran_until(self, life: ThreadLife, t: int, run_ns: int) -> None:
        """The thread says itself how long it had run at ``t``: as good as a look at it."""
        looks = life.looks
        looks.anchor = t, run_ns
        looks.look = Look(t, None, "R", NO_CPU)
        looks.look.decided = True
        self.set_cpu(life, Cpu.RUNNING, t)

    @staticmethod
    def set_cpu(life: ThreadLife, cpu: Cpu, t: int) -> None:
        life.cpu = cpu
        if life.python:
            update_executing(life, t)


# --- what the probe records meanwhile ----------------------------------------------------------


def runs_at(life: ThreadLife, t: int) -> None:
    """The thread is on a CPU at ``t``: it wrote a record."""
    looks, account = life.looks, life.readings.account
    looks.anchor = t, max(looks.expected_run_ns, account.run_ns if account else 0)


def waits_from(life: ThreadLife, t: int) -> None:
    """The thread begins to wait at ``t``; unless it was ready, it ran from its anchor to then."""
    looks = life.looks
    if looks.anchor is not None:
        since, ran = looks.anchor
        looks.expected_run_ns = ran + (t - since if life.lane.state is State.RUNNING else 0)
        looks.anchor = None


def overtake(life: ThreadLife) -> None:
    """The probe knows more than the last look, which is not decided any more."""
    if life.looks.look is not None:
        life.looks.look.decided = True


def forget_looks(life: ThreadLife) -> None:
    """The thread's records were given up: what it did since the last look is not known."""
    life.looks.look = life.looks.anchor = None
