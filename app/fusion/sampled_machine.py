"""Threads under a scheduler witness that only looks into /proc now and then.

A look tells the kernel's letter (StatSample) and, by schedstat, how much of the time since the
look before was spent on a CPU and on a run queue (SchedStat, which follows only where it
changed). So what a thread did between two looks is decided at the second, and boundaries are
*sampled*; where the probe tells when a wait began and ended, its boundaries are the probe's.
"""

from __future__ import annotations

from app.fusion.endings import Endings
from app.fusion.identities import Identities
from app.fusion.lives import Cpu, Look, ThreadLife
from app.fusion.off_cpu import OffCpu
from app.timeline.model import NO_CPU
from app.timeline.records import SchedStat, StatSample, SyscallSample, TaskExit
from app.timeline.states import Evidence, State

#: What was seen is taken to last this long beyond the last look at a thread.
LASTS_NS = 30_000_000
_WAITS = frozenset({State.BLOCKED, State.GIL})


class SampledMachine:
    """StatSample, SchedStat and SyscallSample records in, thread slices out."""

    def __init__(self, who: Identities, off_cpu: OffCpu, endings: Endings) -> None:
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
        before = life.look.t if life.look is not None else None
        life.look = Look(t, before, record.state, record.cpu)

    def task_exit(self, t: int, record: TaskExit) -> None:
        """Gone since some time after the last look; what it did after that is not known."""
        life = self._live(record.tid)
        if life is None or life.process.pid != record.pid:
            return
        look, lane = life.look, life.lane
        if look is not None:
            if not look.decided:
                self._decide(life, look, 0, 0)
            unseen = t - max(look.t, lane.start)
            if lane.state is State.READY or (lane.state is State.RUNNING and unseen > LASTS_NS):
                lane.change(max(look.t, lane.start), State.UNKNOWN, Evidence.MISSING)
        self._endings.thread_gone(life, t, Evidence.SAMPLED)

    def sched_stat(self, t: int, record: SchedStat) -> None:
        life = self._live(record.tid)
        if life is None:
            return
        total = (record.run_ns, record.wait_ns)
        run_before, wait_before = life.account or total
        life.account = total
        look = life.look
        if look is not None and not look.decided:
            self._decide(life, look, max(0, total[0] - run_before), max(0, total[1] - wait_before))

    def syscall_sample(self, t: int, record: SyscallSample) -> None:
        life = self._live(record.tid)
        if life is not None and life.op is None and life.lane.state in _WAITS:
            self._off_cpu.sampled(life, record)

    def _decide(self, life: ThreadLife, look: Look, run: int, wait: int) -> None:
        """What the thread did up to the look, having run and waited for a CPU so long."""
        look.decided = True
        lane = life.lane
        floor = max(lane.start, look.t if look.before is None else look.before)
        if look.letter in "Tt":
            self._set_cpu(life, Cpu.OFF, look.t)
            if lane.state is not State.STOPPED:
                lane.change(max(look.t, lane.start), State.STOPPED, Evidence.SAMPLED)
        elif look.letter == "R":
            running = run >= wait and run > 0
            state = State.RUNNING if running else State.READY
            if life.op is not None and lane.evidence is Evidence.PROBE and not running:
                return  # queued for a CPU inside its wait: the probe tells when that is over
            if lane.state in _WAITS:
                self._off_cpu.close(life)
                floor = max(floor, look.t - run - wait)
            self._set_cpu(life, Cpu.RUNNING if running else Cpu.READY, look.t)
            if lane.state is not state:
                cpu = look.cpu if running else NO_CPU
                lane.change(max(floor, lane.start), state, Evidence.SAMPLED, cpu=cpu)
        elif life.op is not None:
            self._set_cpu(life, Cpu.OFF, look.t)
        elif lane.state in _WAITS:
            self._set_cpu(life, Cpu.OFF, look.t)
            self._off_cpu.decide(life)
        else:
            self._set_cpu(life, Cpu.OFF, look.t)
            # It waited to run, and ran, from the look before on; then it stopped.
            if lane.state is State.READY and not run:
                # It must have run, but the account was read in between: who knows when.
                lane.change(floor, State.UNKNOWN, Evidence.MISSING)
                self._off_cpu.begin(life, max(lane.start, look.t))
                return
            stopped = max(lane.start, min(look.t, floor + run + wait))
            if lane.state is State.READY:
                began = max(lane.start, stopped - run)
                lane.change(began, State.RUNNING, Evidence.SAMPLED, cpu=look.cpu)
            self._off_cpu.begin(life, stopped)

    @staticmethod
    def _set_cpu(life: ThreadLife, cpu: Cpu, t: int) -> None:
        life.cpu = cpu
        if life.python:
            life.process.update_executing(life, t)

    def _live(self, tid: int) -> ThreadLife | None:
        life = self._who.threads.get(tid)
        return life if life is not None and not life.exited else None
