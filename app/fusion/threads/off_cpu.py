"""Decides why a thread is off its CPU: an operation of the probe, the GIL, or a system call."""

from __future__ import annotations

from app.fusion.lives import gil_rules
from app.fusion.lives.gil import Gil
from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import ThreadLife
from app.fusion.lives.reports import Cpu
from app.fusion.objects.objects import Objects
from app.fusion.objects.reasons import CHANNELS, LOCKS, ONE_WAKE_UP, SILENT, TIMELESS
from app.fusion.threads.syscall_reasons import reason_of_call
from app.timeline.model import NOTHING
from app.timeline.records import SyscallSample
from app.timeline.states import Evidence, Reason, State

# Members of enums, looked up once: that takes longer than most of what is done with them here.
_BLOCKED, _GIL, _STOPPED = State.BLOCKED, State.GIL, State.STOPPED
_OTHER, _SLEEP, _OFF = Reason.OTHER, Reason.SLEEP, Cpu.OFF
_INFERRED, _SAMPLED, _PROBE = Evidence.INFERRED, Evidence.SAMPLED, Evidence.PROBE
#: A waiter for the GIL sets its clock at most this long before it leaves its CPU.
_ARMED_NS = 200_000
#: The clock wakes it at most this late, unless other programs crowd the machine.
_CLOCK_LATE_NS = 1_000_000
#: The probe records a release at most this long after it, unless the thread is preempted.
_LATE_NS = 100_000


class OffCpu:
    """Labels the open off-CPU slice of a thread, again with each new piece of evidence."""

    def __init__(
        self, objects: Objects, ids: Identities, evidence: Evidence, wake_ups: bool
    ) -> None:
        self._wake_ups = wake_ups
        self._objects = objects
        self._ids = ids
        self.evidence = evidence

    def begin(self, life: ThreadLife, t: int) -> None:
        """The thread left its CPU at ``t``, and was not preempted."""
        op, claim = life.op, life.claim
        life.stop.begin(t, claim.wants_gil, op is not None and op.satisfied)
        if claim.gave_gil or claim.gives_gil:
            claim.left_cpu()
        if op is not None:
            op.in_vain = False
        life.lane.change(t, _BLOCKED, self.evidence, _OTHER)
        self.decide(life)

    def sampled(self, life: ThreadLife, sample: SyscallSample) -> None:
        """/proc showed the system call in which the thread is stopped."""
        life.stop.sampled_call = sample
        self.decide(life)

    def woken_by(self, life: ThreadLife, waker: ThreadLife, t: int) -> None:
        """A thread of the same process wakes this one, which is off its CPU."""
        stop, op, other = life.stop, life.op, waker.op
        stop.waker_known = True
        if life.lane.state is _GIL:
            gil_rules.offered(life, waker, t)
        elif op is None:
            # It waits for the lock, and learns that it was dropped or that another one has it.
            stop.woke_like_waiter = waker.ending is not None or (
                other is not None and other.reason in SILENT
            )
            stop.woken_by_python = stop.sampled_call is None and (
                stop.wanted_gil or life.claim.gave_gil or stop.woke_like_waiter
            )
        elif op.reason is _SLEEP:
            op.in_vain = True  # only the clock ends a sleep, so this one was about to begin
        elif op.reason is Reason.SOCKET and op.sends and other is not None and other.sends:
            # A sender makes no room for another sender: this is a hand-over of the lock.
            op.satisfied = stop.woken_by_python = True
        elif op.reason in CHANNELS and other is not None and other.reason is op.reason:
            other.satisfied = True  # what the waker called for has taken effect
            if op.reason is Reason.SOCKET and not op.sends:
                # Taking a message makes room for one, which is of no use to a reader.
                known = self._objects.get(op.obj)
                op.in_vain = not other.sends
                op.certain = other.sends and known is not None and len(known.waiters) == 1

    def woken_from_outside(self, life: ThreadLife) -> None:
        """A thread that can't drop the GIL wakes this one: the kernel's, or another process's."""
        life.stop.waker_known = life.stop.not_for_gil = True

    def woken_by_clock(self, life: ThreadLife, t: int) -> None:
        """An interrupt wakes the thread: the GIL's clock after the switch interval, or a device."""
        stop, op, gil = life.stop, life.op, life.process.gil
        length = t - stop.stopped_at
        stop.waker_known = True
        if op is None:
            stop.not_for_gil = length < gil.interval_ns - _ARMED_NS
            stop.woke_like_waiter = (
                not stop.not_for_gil and length < gil.interval_ns + _CLOCK_LATE_NS
            )
            if stop.woke_like_waiter:
                gil.ask()
        elif op.reason is _SLEEP:
            op.certain = not op.in_vain  # any later interrupt inside is for a wait for the lock
        elif (
            (op.inner or op.reason in TIMELESS)
            and length <= _longest(gil)
            and life.process.gil.other_executing(life, stop.stopped_at) is not None
        ):
            op.satisfied = stop.woken_by_python = True

    def decide(self, life: ThreadLife) -> None:
        """Label the open slice with what is known now."""
        lane, op, sample = life.lane, life.op, life.stop.sampled_call
        if lane.state is _STOPPED:
            return
        evidence = self.evidence
        if sample is not None and sample.site == "gil" and life.process.has_gil:
            # The kernel shows the wait itself: only take_gil and drop_gil wait in the runtime.
            self._for_gil(life, evidence, _SAMPLED)
        elif life.process.gil.unsure and sample is None and self._unsure(life):
            gil_rules.gave_up(life)
            lane.relabel(State.UNKNOWN, Evidence.MISSING)
        elif op is not None and (
            sample is not None or not self._over(life) or not self._wants_gil(life)
        ):
            gil_rules.gave_up(life)
            lane.relabel(
                _BLOCKED,
                evidence,
                op.reason,
                op.object_id,
                self.holder(life),
                op.line,
                _PROBE,
            )
        elif sample is not None and sample.site != "gil" and not self._vague(life, sample):
            gil_rules.gave_up(life)
            self._system_call(life, sample, evidence)
        elif self._wants_gil(life):
            self._for_gil(life, _INFERRED, _INFERRED)
        else:
            gil_rules.gave_up(life)
            lane.relabel(_BLOCKED, evidence, _OTHER)

    def close(self, life: ThreadLife, t: int, unreported: bool = False) -> None:
        """The slice ends now: decide it for the last time, and name the holder that released.

        ``unreported``: the thread runs again, and no wake-up was recorded.
        """
        stop, lane, op = life.stop, life.lane, life.op
        if lane.state not in (_BLOCKED, _GIL):
            return
        free = op is not None and lane.holder == NOTHING and op.reason in LOCKS
        came = stop.had_come and op is not None and op.certain
        if op is None and self._slept_on(life, t):
            stop.not_for_gil = True
        elif unreported and self._wake_ups and not (stop.waker_known or life.claim.gave_gil):
            self.woken_by_clock(life, t)  # only an interrupt of an idle CPU goes unrecorded
        elif op is None and not stop.waker_known and lane.reason is _OTHER:
            length = t - stop.stopped_at - life.process.gil.interval_ns
            stop.woke_like_waiter = -_ARMED_NS <= length < _CLOCK_LATE_NS
        if stop.woken_by_python or lane.reason is _OTHER or lane.state is _GIL or free or came:
            too_long = t - stop.stopped_at > _longest(life.process.gil)
            if op is not None and too_long and not op.certain and op.reason not in LOCKS:
                op.satisfied = stop.woken_by_python
            self.decide(life)
        gil_rules.waited(life, t)
        if op is None or op.inner or lane.state is not _BLOCKED or op.reason not in LOCKS:
            return
        known = self._objects.get(op.obj)
        if known and known.released and known.released[1] >= lane.start:
            lane.set_holder(known.released[0])

    def _slept_on(self, life: ThreadLife, t: int) -> bool:
        """True if the thread can't have waited for the GIL, since it didn't wake to ask for it.

        A thread that dropped the lock because it was asked waits without a clock.
        """
        gil, sample = life.process.gil, life.stop.sampled_call
        if not self._wake_ups or life.claim.gave_gil:
            return False
        seen = sample is not None and sample.site == "gil"
        since = max(life.stop.stopped_at, life.claim.learned_at)
        return not seen and t - since > gil.interval_ns + _CLOCK_LATE_NS

    def holder(self, life: ThreadLife) -> int:
        """The only track that holds what the operation waits for, or NOTHING."""
        op = life.op
        if op is None:
            return NOTHING
        if op.target is not None:
            return op.target.track.id
        known = self._objects.get(op.obj) if op.obj and not op.inner else None
        if known is None:
            return NOTHING
        holder = known.sole_holder()
        return holder.track.id if holder and holder is not life else NOTHING

    def _over(self, life: ThreadLife) -> bool:
        """True if what the operation waits for has come, so the thread only waits to go on."""
        op = life.op
        if op is None:
            return True
        if op.reason in LOCKS:
            known = self._objects.get(op.obj)
            return (
                known is not None
                and not known.holders
                and known.claimed_by in (None, life)
                and known.released is not None
                and op.entered <= known.released[1] <= life.stop.stopped_at + _LATE_NS
                and op.satisfied
            )
        return op.satisfied

    @staticmethod
    def _wants_gil(life: ThreadLife) -> bool:
        """True for Python code that is stopped while another thread of the process runs some."""
        process, stop = life.process, life.stop
        if life.op is None and process.gil.followed:
            # Without such a sign it may be inside any call that the probe doesn't record.
            gave = life.claim.gave_gil
            known = stop.wanted_gil or gave or stop.woke_like_waiter or not life.ring
        else:
            known = True
        return (
            life.python
            and known
            and not (life.doubtful or stop.not_for_gil)
            and process.has_gil
            and len(process.threads) > 1
            and (
                stop.woken_by_python
                or process.gil.other_executing(life, stop.stopped_at) is not None
            )
        )

    def _unsure(self, life: ThreadLife) -> bool:
        """True if it may wait for the GIL, and the records that would show it were given up."""
        if life in life.process.gil.unsure:
            return True
        return self._over(life) and not self._wants_gil(life)

    def _vague(self, life: ThreadLife, sample: SyscallSample) -> bool:
        """True for a futex without an address, if it may be the GIL's."""
        return sample.name == "futex" and not sample.target and self._wants_gil(life)

    def _for_gil(self, life: ThreadLife, evidence: Evidence, reason_evidence: Evidence) -> None:
        process = life.process
        gil = process.gil
        if not gil.shown_as:
            gil_rules.show(process, self._objects.gil(process.main.track.id))
        op = life.op
        known = self._objects.get(op.obj) if op is not None and op.reason in LOCKS else None
        if known is not None and known.claimed_by is None:
            known.claimed_by = life  # it came first after the release, and has the lock
        if gil.followed:
            sure = op is None or known is not None or reason_evidence is _SAMPLED
            holder = gil_rules.wait(life, sure)
        else:
            others = [other for other in process.gil.executing if other is not life]
            since = life.lane.start
            sole = len(others) == 1 and others[0].lane.start <= since
            holder = others[0].track.id if sole else NOTHING
        life.lane.relabel(
            _GIL,
            evidence,
            object_id=gil.shown_as,
            holder=holder,
            line=op.line if op is not None else 0,
            reason_evidence=reason_evidence,
        )

    def _system_call(self, life: ThreadLife, sample: SyscallSample, evidence: Evidence) -> None:
        life.lane.relabel(
            _BLOCKED,
            evidence,
            reason_of_call(sample),
            self._objects.descriptor(sample),
            self._peer(life, sample),
            reason_evidence=_SAMPLED,
        )

    def _peer(self, life: ThreadLife, sample: SyscallSample) -> int:
        """The track of the process that a sampled call waits for, or NOTHING."""
        peer = self._ids.of_pid(sample.peer) if sample.peer else None
        return peer.track.id if peer is not None and peer.process is not life.process else NOTHING


def _longest(gil: Gil[ThreadLife]) -> int:
    """How long at most a thread waits for the GIL before it wakes to ask."""
    return gil.interval_ns + _CLOCK_LATE_NS


def satisfy(life: ThreadLife) -> None:
    """A wake-up that ends the operation: what it waited for has come."""
    op = life.op
    if op is not None and op.reason in ONE_WAKE_UP and life.cpu is _OFF and not op.inner:
        op.satisfied = op.certain or not op.in_vain


def forget_stop(life: ThreadLife) -> None:
    """The thread's records were given up: what was seen of its stop says nothing any more."""
    life.stop.wanted_gil = False
    life.stop.sampled_call = None
