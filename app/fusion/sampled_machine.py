"""Threads under a scheduler witness that only looks into /proc now and then.

A look tells the kernel's letter (StatSample) and, by schedstat, how much of the time since the
look before was spent on a CPU and on a run queue (SchedStat, which follows only where it
changed). So what a thread did between two looks is laid out at the second: the sums are the
kernel's, the order and so the edges are *sampled*. Where the probe tells when a wait began and
ended, its edges are the probe's, and its last part is ready where the account says so.

The account lags: time on a CPU is added at a tick or a switch, time on a run queue only when it is
over. What is shown before it is counted is not shown again when it is.

What a thread did after the last look is known where its last account is: the probe tells a
thread's own CPU time at its end, and a zombie's account can still be read. Else it is unknown.
"""

from __future__ import annotations

from app.fusion.book import Book
from app.fusion.endings import Endings
from app.fusion.identities import Identities
from app.fusion.lanes import SHORTEST_NS
from app.fusion.lives import Cpu, Look, ThreadLife
from app.fusion.off_cpu import OffCpu
from app.fusion.runqueue import RunQueue
from app.timeline.model import NO_CPU
from app.timeline.records import SchedStat, StatSample, SyscallSample, TaskExit
from app.timeline.states import Evidence, State

#: A thread that stands still at both looks, and did less than this in between, did nothing.
LEAST_NS = 100_000
_WAITS = frozenset({State.BLOCKED, State.GIL})
_ON_CPU = frozenset({State.RUNNING, State.READY})


class SampledMachine:
    """StatSample, SchedStat and SyscallSample records in, thread slices out."""

    def __init__(self, book: Book, who: Identities, off_cpu: OffCpu, endings: Endings) -> None:
        self._queue = RunQueue(book)
        self._who = who
        self._off_cpu = off_cpu
        self._endings = endings

    def stat_sample(self, t: int, record: StatSample) -> None:
        life = self._live(record.tid)
        if life is None:
            return
        if life.look is not None and not life.look.decided:
            self._decide(life, life.look, 0, 0)
        if record.state in "ZX":
            if life is life.process.main:
                self._endings.thread_gone(life, t, Evidence.SAMPLED)
            return
        life.last = None
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
            self._decide(life, look, 0, 0)
        if last is not None:
            self._lay_last(life, t, *last)
        elif look is not None and lane.state in _ON_CPU:
            lane.change(max(look.t, lane.start), State.UNKNOWN, Evidence.MISSING)

    def told(self, t: int, life: ThreadLife, run_ns: int) -> None:
        """The probe tells the thread's own CPU time at its end: the kernel's, and up to date."""
        if life.exited or (life.account is None and life is self._who.root.main):
            return  # what it did before the run is not known
        if life.look is not None and not life.look.decided:
            self._decide(life, life.look, 0, 0)
        run_before, wait = life.account or (0, 0)
        self._lay_last(life, t, max(0, run_ns - run_before), 0)
        life.account = max(run_ns, run_before), wait
        life.ahead = 0, life.ahead[1]
        life.look = Look(t, None, "R", NO_CPU)
        life.look.decided = True
        self._set_cpu(life, Cpu.RUNNING, t)
        self._count(t, life)

    def sched_stat(self, t: int, record: SchedStat) -> None:
        life = self._live(record.tid)
        if life is None:
            return
        total = (record.run_ns, record.wait_ns)
        run_before, wait_before = life.account or total
        # Of the program's first thread, what it did before the program began is not its own.
        if life.account is None and life is self._who.root.main:
            life.base = total
        # What the thread told itself may be ahead of a reading from outside.
        life.account = max(total[0], run_before), max(total[1], wait_before)
        run, wait = life.account[0] - run_before, life.account[1] - wait_before
        shares = self._queue.shares(life, wait)
        look = life.look
        if look is not None and not look.decided:
            self._decide(life, look, run, wait - sum(shares))
        elif look is not None:
            life.last = run, wait - sum(shares)  # of a zombie: without a look at its state
        self._queue.settle(life, shares)
        self._count(t, life)

    def syscall_sample(self, t: int, record: SyscallSample) -> None:
        life = self._live(record.tid)
        if life is not None and life.op is None and life.lane.state in _WAITS:
            self._off_cpu.sampled(life, record)

    def _decide(self, life: ThreadLife, look: Look, run: int, wait: int) -> None:
        """What the thread did up to the look, having run and waited for a CPU so long."""
        look.decided = True
        lane = life.lane
        floor = max(lane.start, look.t if look.before is None else look.before)
        ahead_run, ahead_wait = life.ahead
        ran = run
        life.ahead = (max(0, ahead_run - run), max(0, ahead_wait - wait))
        run = min(max(0, run - ahead_run), look.t - floor)
        wait = min(max(0, wait - ahead_wait), look.t - floor - run)
        rest = look.t - floor - run - wait
        if look.letter in "Tt":
            self._set_cpu(life, Cpu.OFF, look.t)
            if lane.state is not State.STOPPED:
                lane.change(max(look.t, lane.start), State.STOPPED, Evidence.SAMPLED)
        elif look.letter == "R":
            self._runnable(life, look, (run, wait, rest), ran)
        elif life.op is not None:
            self._set_cpu(life, Cpu.OFF, look.t)
        elif lane.state in _WAITS:
            self._set_cpu(life, Cpu.OFF, look.t)
            if run < LEAST_NS:
                self._off_cpu.decide(life)
                return
            self._off_cpu.close(life, floor + rest)
            self._lay(life, look, floor + rest, ((State.READY, wait), (State.RUNNING, run)))
            self._off_cpu.begin(life, look.t)
        else:
            self._set_cpu(life, Cpu.OFF, look.t)
            # It waited to run, and ran, from the look before on; then it stopped.
            if lane.state is State.READY and not ran:
                # It must have run, but the account was read in between: who knows when.
                lane.change(floor, State.UNKNOWN, Evidence.MISSING)
                self._off_cpu.begin(life, max(lane.start, look.t))
                return
            run = max(run, min(SHORTEST_NS, look.t - floor - wait))
            self._lay(life, look, floor, ((State.READY, wait), (State.RUNNING, run)))
            self._off_cpu.begin(life, max(lane.start, floor + wait + run))

    def _runnable(
        self, life: ThreadLife, look: Look, spent: tuple[int, int, int], counted: int
    ) -> None:
        """It runs, or stands on a run queue: which of them, only the account tells.

        ``spent`` is how long it ran, was ready, and did what is not counted yet; the account
        grew by ``counted`` of running.
        """
        run, wait, rest = spent
        lane = life.lane
        if life.op is not None and lane.evidence is Evidence.PROBE and run < wait + rest:
            return  # queued for a CPU inside its wait: the probe tells when that is over
        if lane.state in _WAITS:
            if not run and not wait:
                wait = min(rest, 1)
            begin = look.t - run - wait
            self._off_cpu.close(life, begin)
            self._lay(life, look, begin, ((State.READY, wait), (State.RUNNING, run)))
        else:
            # Who runs is counted at each tick. Who was counted for less than half of the time
            # stands on a run queue now: that is counted when it is over.
            ready_now = 2 * counted < look.t - (look.before or look.t)
            ahead_run, ahead_wait = life.ahead
            if ready_now:
                wait, ahead_wait = wait + rest, ahead_wait + rest
            else:
                run, ahead_run = run + rest, ahead_run + rest
            life.ahead = ahead_run, ahead_wait
            parts = ((State.READY, wait), (State.RUNNING, run))
            if ready_now or lane.state is State.RUNNING:
                parts = parts[::-1]
            self._lay(life, look, look.t - run - wait, parts)
        self._set_cpu(life, Cpu.RUNNING if lane.state is State.RUNNING else Cpu.READY, look.t)

    def _lay_last(self, life: ThreadLife, t: int, run: int, wait: int) -> None:
        """The thread ends at ``t``, having run and waited for a CPU so long since the last look."""
        lane, (ahead_run, ahead_wait) = life.lane, life.ahead
        floor = lane.start if life.look is None else max(lane.start, life.look.t)
        if t <= floor:
            return
        run = min(max(0, run - ahead_run), t - floor)
        wait = min(max(0, wait - ahead_wait), t - floor - run)
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
            (run, wait), base = life.account, life.base
            life.lane.counted(t, run - base[0], wait - base[1])

    @staticmethod
    def _lay(life: ThreadLife, look: Look, t: int, parts: tuple[tuple[State, int], ...]) -> None:
        """From ``t`` on the thread was in these states, so long in each, one after the other."""
        lane = life.lane
        if t <= lane.start and lane.before is State.READY:
            # It left its wait, and that it told itself: so it ran.
            t = lane.start + SHORTEST_NS
            if t > look.t:
                return
        for state, length in parts:
            if length > 0 and t <= max(look.t, lane.start):
                if lane.state is not state:
                    cpu = look.cpu if state is State.RUNNING else NO_CPU
                    lane.change(max(t, lane.start), state, Evidence.SAMPLED, cpu=cpu)
                t += length

    @staticmethod
    def _set_cpu(life: ThreadLife, cpu: Cpu, t: int) -> None:
        life.cpu = cpu
        if life.python:
            life.process.update_executing(life, t)

    def _live(self, tid: int) -> ThreadLife | None:
        life = self._who.threads.get(tid)
        return life if life is not None and not life.exited else None
