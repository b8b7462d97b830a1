"""Why a thread is off the CPU: the probe's operation, the GIL, or a system call."""

from __future__ import annotations

from app.fusion.lives.gil import Gil
from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import ThreadLife
from app.fusion.lives.reports import Cpu
from app.fusion.objects.objects import Objects
from app.fusion.threads.syscall_reasons import reason_of_call
from app.timeline.model import NOTHING
from app.timeline.records import SyscallSample
from app.timeline.states import Evidence, Reason, State

#: Looking a member up in its enum takes longer than most of what is done with it here.
_BLOCKED, _GIL, _STOPPED = State.BLOCKED, State.GIL, State.STOPPED
_OTHER, _SLEEP, _OFF = Reason.OTHER, Reason.SLEEP, Cpu.OFF
_INFERRED, _SAMPLED, _PROBE = Evidence.INFERRED, Evidence.SAMPLED, Evidence.PROBE
_CHANNELS = frozenset({Reason.SOCKET, Reason.PIPE})
#: Waits that no clock ends, unless the program set a time for them.
_TIMELESS = _CHANNELS | {Reason.LOCK, Reason.RLOCK}
#: Who begins such a call, or ends it, wakes nobody by that but who waits for the GIL.
_SILENT = frozenset({Reason.LOCK, Reason.RLOCK, Reason.SLEEP, Reason.JOIN, Reason.WAIT_CHILD})
#: A waiter sets its clock before it leaves its CPU; the clock rings so late at most, unless the
#: machine is not ours alone.
_ARMED_NS = 200_000
_CLOCK_LATE_NS = 1_000_000
#: The probe tells of a release so long after it at most, unless the thread is preempted.
_LATE_NS = 100_000
_LOCKS = frozenset({Reason.LOCK, Reason.RLOCK})


class OffCpu:
    """Decides the open off-CPU slice of a thread, again with each new piece of evidence."""

    def __init__(
        self, objects: Objects, who: Identities, evidence: Evidence, wake_ups: bool
    ) -> None:
        self._wake_ups = wake_ups
        self._objects = objects
        self._who = who
        self.evidence = evidence

    def begin(self, life: ThreadLife, t: int) -> None:
        """The thread stopped at ``t`` with work unfinished."""
        life.sample = None
        life.off_at = t
        life.heard = life.rang = life.outside = False
        life.gives, life.gil_gives = life.gil_gives, False
        life.wanted, life.waked = life.wants_gil, False
        life.came = life.op is not None and life.op.satisfied
        if life.op is not None:
            life.op.in_vain = False
        life.lane.change(t, _BLOCKED, self.evidence, _OTHER)
        self.decide(life)

    def sampled(self, life: ThreadLife, sample: SyscallSample) -> None:
        """/proc showed the system call in which the thread is stopped."""
        life.sample = sample
        self.decide(life)

    def woken_by(self, life: ThreadLife, waker: ThreadLife, t: int) -> None:
        """A thread of the same process wakes this one, which is off its CPU."""
        life.waked = True
        op, other = life.op, waker.op
        if life.lane.state is _GIL:
            life.process.gil.offered(life, waker, t)
        elif op is None:
            # It waits for the lock, and hears that it was given away or that another one has it.
            life.rang = waker.ending is not None or (other is not None and other.reason in _SILENT)
            life.heard = life.sample is None and (life.wanted or life.gives or life.rang)
        elif op.reason is _SLEEP:
            op.in_vain = True  # the clock alone ends a sleep: it was about to begin
        elif op.reason is Reason.SOCKET and op.sends and other is not None and other.sends:
            op.satisfied = life.heard = True  # who gives makes no room for what it gives
        elif op.reason in _CHANNELS and other is not None and other.reason is op.reason:
            other.satisfied = True  # what the waker called for has taken effect
            if op.reason is Reason.SOCKET and not op.sends:
                # Who takes a message makes room for one, which is nothing to a reader.
                known = self._objects.get(op.obj)
                op.in_vain = not other.sends
                op.told = other.sends and known is not None and len(known.waiters) == 1

    def woken_from_outside(self, life: ThreadLife) -> None:
        """A thread of the kernel or of another process wakes this one: the GIL is not theirs."""
        life.waked = life.outside = True

    def woken_by_clock(self, life: ThreadLife, t: int) -> None:
        """An interrupt wakes the thread: the GIL's clock after the switch interval, or a device."""
        op, gil, length = life.op, life.process.gil, t - life.off_at
        life.waked = True
        if op is None:
            life.outside = length < gil.interval_ns - _ARMED_NS
            life.rang = not life.outside and length < gil.interval_ns + _CLOCK_LATE_NS
            gil.asked = gil.asked or life.rang
        elif op.reason is _SLEEP:
            op.told = not op.in_vain  # what else the clock ends inside is a wait for the lock
        elif (
            (op.inner or op.reason in _TIMELESS)
            and length <= _longest(gil)
            and life.process.other_executing(life, life.off_at) is not None
        ):
            op.satisfied = life.heard = True

    def decide(self, life: ThreadLife) -> None:
        """Say what is known now of the open slice, while it is open."""
        lane, op, sample = life.lane, life.op, life.sample
        if lane.state is _STOPPED:
            return
        evidence = self.evidence
        if sample is not None and sample.site == "gil" and life.process.has_gil:
            # The kernel shows the wait itself: only take_gil and drop_gil wait in the runtime.
            self._for_gil(life, evidence, _SAMPLED)
        elif life.process.gil.unsure and sample is None and self._unsure(life):
            life.process.gil.gave_up(life)
            lane.relabel(State.UNKNOWN, Evidence.MISSING)
        elif op is not None and (
            sample is not None or not self._over(life) or not self._wants_gil(life)
        ):
            life.process.gil.gave_up(life)
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
            life.process.gil.gave_up(life)
            self._system_call(life, sample, evidence)
        elif self._wants_gil(life):
            self._for_gil(life, _INFERRED, _INFERRED)
        else:
            life.process.gil.gave_up(life)
            lane.relabel(_BLOCKED, evidence, _OTHER)

    def close(self, life: ThreadLife, t: int, untold: bool = False) -> None:
        """The slice ends now: its last decision, and the holder that let it go.

        ``untold``: it runs again, and no wake-up was told.
        """
        lane, op = life.lane, life.op
        if lane.state not in (_BLOCKED, _GIL):
            return
        free = op is not None and lane.holder == NOTHING and op.reason in _LOCKS
        came = life.came and op is not None and op.told
        if op is None and self._slept_on(life, t):
            life.outside = True
        elif untold and self._wake_ups and not (life.waked or life.gives):
            self.woken_by_clock(life, t)  # only what interrupts an idle CPU goes untold
        elif op is None and not life.waked and lane.reason is _OTHER:
            length = t - life.off_at - life.process.gil.interval_ns
            life.rang = -_ARMED_NS <= length < _CLOCK_LATE_NS
        if life.heard or lane.reason is _OTHER or lane.state is _GIL or free or came:
            too_long = t - life.off_at > _longest(life.process.gil)
            if op is not None and too_long and not op.told and op.reason not in _LOCKS:
                op.satisfied = life.heard
            self.decide(life)
        life.process.gil.waited(life, t)
        if op is None or op.inner or lane.state is not _BLOCKED or op.reason not in _LOCKS:
            return
        known = self._objects.get(op.obj)
        if known and known.released and known.released[1] >= lane.start:
            lane.hold_by(known.released[0])

    def _slept_on(self, life: ThreadLife, t: int) -> bool:
        """Whether it can't have waited for the GIL, because it didn't wake to ask for it.

        Who gives it up because it was asked waits without a clock.
        """
        gil, sample = life.process.gil, life.sample
        if not self._wake_ups or life.gives:
            return False
        seen = sample is not None and sample.site == "gil"
        since = max(life.off_at, life.told_at)
        return not seen and t - since > gil.interval_ns + _CLOCK_LATE_NS

    def holder(self, life: ThreadLife) -> int:
        """The track that holds what the operation waits for, where one track alone does."""
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
        """Whether what the operation waits for has come, so that it only wants to go on."""
        op = life.op
        if op is None:
            return True
        if op.reason in _LOCKS:
            known = self._objects.get(op.obj)
            return (
                known is not None
                and not known.holders
                and known.claimed in (None, life)
                and known.released is not None
                and op.entered <= known.released[1] <= life.off_at + _LATE_NS
                and op.satisfied
            )
        return op.satisfied

    @staticmethod
    def _wants_gil(life: ThreadLife) -> bool:
        """Python code that is stopped while another thread of the process executes some."""
        process = life.process
        if life.op is None and process.gil.followed:
            # Else it may be inside any call that is not the probe's.
            known = life.wanted or life.gives or life.rang or not life.ring
        else:
            known = True
        return (
            life.python
            and known
            and not (life.doubtful or life.outside)
            and process.has_gil
            and len(process.threads) > 1
            and (life.heard or process.other_executing(life, life.off_at) is not None)
        )

    def _unsure(self, life: ThreadLife) -> bool:
        """Whether it may wait for the GIL, and records are gone that would tell."""
        if life in life.process.gil.unsure:
            return True
        return self._over(life) and not self._wants_gil(life)

    def _vague(self, life: ThreadLife, sample: SyscallSample) -> bool:
        """A futex of which no address was told may be the GIL's."""
        return sample.name == "futex" and not sample.target and self._wants_gil(life)

    def _for_gil(self, life: ThreadLife, evidence: Evidence, reason_evidence: Evidence) -> None:
        process = life.process
        gil = process.gil
        if not gil.object_id:
            gil.shown_as(self._objects.gil(process.main.track.id))
        op = life.op
        known = self._objects.get(op.obj) if op is not None and op.reason in _LOCKS else None
        if known is not None and known.claimed is None:
            known.claimed = life  # it came first after the release, and has the lock
        if gil.followed:
            sure = op is None or known is not None or reason_evidence is _SAMPLED
            holder = gil.wait(life, sure)
        else:
            others = [other for other in process.executing if other is not life]
            since = life.lane.start
            sole = len(others) == 1 and others[0].lane.start <= since
            holder = others[0].track.id if sole else NOTHING
        life.lane.relabel(
            _GIL,
            evidence,
            object_id=gil.object_id,
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
        """The track of the process that a sampled call waits for."""
        peer = self._who.of_pid(sample.peer) if sample.peer else None
        return peer.track.id if peer is not None and peer.process is not life.process else NOTHING


def _longest(gil: Gil) -> int:
    """How long a wait for the GIL lasts at most, before the thread wakes to ask."""
    return gil.interval_ns + _CLOCK_LATE_NS


def satisfy(life: ThreadLife) -> None:
    """A wake-up inside an operation that needs one: what it waited for has come."""
    op = life.op
    if op is not None and op.reason in _ONE_WAKE_UP and life.cpu is _OFF and not op.inner:
        op.satisfied = op.told or not op.in_vain


#: Operations that the kernel ends by the wake-up itself. A lock's waiter may find it taken again
#: (then it is held, see ``OffCpu._over``); a condition or a queue waits in several steps.
_ONE_WAKE_UP = frozenset(
    {
        Reason.SLEEP,
        Reason.LOCK,
        Reason.RLOCK,
        Reason.EVENT,
        Reason.PIPE,
        Reason.SOCKET,
        Reason.POLL,
        Reason.WAIT_CHILD,
        Reason.FILE,
    }
)
