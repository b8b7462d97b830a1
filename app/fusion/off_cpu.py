"""Why a thread is off the CPU: the probe's operation, the GIL, or a system call."""

from __future__ import annotations

from app.fusion.gil import Gil
from app.fusion.identities import Identities
from app.fusion.lives import Cpu, ThreadLife
from app.fusion.things import Things
from app.timeline.model import NOTHING
from app.timeline.records import SyscallSample
from app.timeline.states import Evidence, Reason, State

#: Looking a member up in its enum takes longer than most of what is done with it here.
_BLOCKED, _GIL, _STOPPED = State.BLOCKED, State.GIL, State.STOPPED
_OTHER, _SLEEP, _OFF = Reason.OTHER, Reason.SLEEP, Cpu.OFF
_INFERRED, _SAMPLED, _PROBE = Evidence.INFERRED, Evidence.SAMPLED, Evidence.PROBE
_CHANNELS = frozenset({Reason.SOCKET, Reason.PIPE})
#: A wait for the GIL ends each switch interval, to ask for it. Who sleeps for longer inside an
#: operation was woken there for nothing, and waits on for what it waited for. This long, while
#: the interval is not known.
_LONG_NS = 20_000_000
#: Who sets it longer than this is not followed.
_LONGEST_INTERVAL_NS = 100_000_000
#: The probe tells of a release so long after it at most, unless the thread is preempted.
_LATE_NS = 100_000
_LOCKS = frozenset({Reason.LOCK, Reason.RLOCK})
_OWNED = frozenset({Reason.LOCK, Reason.RLOCK, Reason.SEMAPHORE})
_REASON_OF_SITE = {"pipe": Reason.PIPE, "socket": Reason.SOCKET, "file": Reason.FILE}
_REASON_OF_CALL = {
    "nanosleep": Reason.SLEEP,
    "clock_nanosleep": Reason.SLEEP,
    "select": Reason.POLL,
    "pselect6": Reason.POLL,
    "poll": Reason.POLL,
    "ppoll": Reason.POLL,
    "epoll_wait": Reason.POLL,
    "epoll_pwait": Reason.POLL,
    "wait4": Reason.WAIT_CHILD,
    "waitid": Reason.WAIT_CHILD,
    "accept": Reason.SOCKET,
    "accept4": Reason.SOCKET,
    "recvfrom": Reason.SOCKET,
    "recvmsg": Reason.SOCKET,
    "recvmmsg": Reason.SOCKET,
    "sendto": Reason.SOCKET,
    "sendmsg": Reason.SOCKET,
    "sendmmsg": Reason.SOCKET,
    "connect": Reason.SOCKET,
    "flock": Reason.FILE,
    "epoll_pwait2": Reason.POLL,
    "fsync": Reason.FILE,
    "fdatasync": Reason.FILE,
}


class OffCpu:
    """Decides the open off-CPU slice of a thread, again with each new piece of evidence."""

    def __init__(self, things: Things, who: Identities, evidence: Evidence) -> None:
        self._things = things
        self._who = who
        self.evidence = evidence

    def begin(self, life: ThreadLife, t: int) -> None:
        """The thread stopped at ``t`` with work unfinished."""
        life.sample = None
        life.off_at = t
        life.heard = False
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
        op, other = life.op, waker.op
        if life.lane.state is _GIL:
            life.process.gil.offered(life, waker, t)
        elif op is None:
            # It gave the GIL up because another asked, and hears that the other has it.
            op_over = other is None or other.satisfied
            if life.lane.reason is _OTHER and life.sample is None and op_over:
                life.heard = waker.python and life.process.has_gil and life.python
        elif op.reason is _SLEEP:
            op.in_vain = True  # the clock alone ends a sleep: it was about to begin
        elif op.reason in _CHANNELS and other is not None and other.reason is op.reason:
            other.satisfied = True  # what the waker called for has taken effect

    def woken_by_clock(self, life: ThreadLife, t: int) -> None:
        """An interrupt wakes the thread: within the switch interval, the GIL's clock does so."""
        op, gil, length = life.op, life.process.gil, t - life.off_at
        if op is None:
            if life.lane.state is _GIL and length < _LONGEST_INTERVAL_NS:
                gil.interval_ns = max(gil.interval_ns, length)
        elif (
            (op.reason in _CHANNELS or op.reason in _LOCKS)
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
        elif op is not None and (
            sample is not None or not self._over(life) or not self._wants_gil(life)
        ):
            life.process.gil.gave_up(life)
            lane.relabel(
                _BLOCKED,
                evidence,
                op.reason,
                op.thing,
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

    def close(self, life: ThreadLife, t: int) -> None:
        """The slice ends now: its last decision, and the holder that let it go."""
        lane, op = life.lane, life.op
        if lane.state not in (_BLOCKED, _GIL):
            return
        free = op is not None and lane.holder == NOTHING and op.reason in _LOCKS
        if life.heard or lane.reason is _OTHER or lane.state is _GIL or free:
            length = t - life.off_at
            if op is not None and op.reason not in _LOCKS and length > _longest(life.process.gil):
                op.satisfied = life.heard
            self.decide(life)
        life.process.gil.waited(life, t)
        if op is None or lane.state is not _BLOCKED or op.reason not in _OWNED:
            return
        known = self._things.get(op.obj)
        if known and known.released and known.released[1] >= lane.start:
            lane.hold_by(known.released[0])

    def holder(self, life: ThreadLife) -> int:
        """The track that holds what the operation waits for, where one track alone does."""
        op = life.op
        if op is None:
            return NOTHING
        if op.target is not None:
            return op.target.track.id
        known = self._things.get(op.obj) if op.obj else None
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
            known = self._things.get(op.obj)
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
        return (
            life.python
            and not life.doubtful
            and process.has_gil
            and len(process.threads) > 1
            and (life.heard or process.other_executing(life, life.off_at) is not None)
        )

    def _vague(self, life: ThreadLife, sample: SyscallSample) -> bool:
        """A futex of which no address was told may be the GIL's."""
        return sample.name == "futex" and not sample.target and self._wants_gil(life)

    def _for_gil(self, life: ThreadLife, evidence: Evidence, reason_evidence: Evidence) -> None:
        process = life.process
        gil = process.gil
        if not gil.thing:
            gil.shown_as(self._things.gil(process.main.track.id))
        op = life.op
        known = self._things.get(op.obj) if op is not None and op.reason in _LOCKS else None
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
            thing=gil.thing,
            holder=holder,
            line=op.line if op is not None else 0,
            reason_evidence=reason_evidence,
        )

    def _system_call(self, life: ThreadLife, sample: SyscallSample, evidence: Evidence) -> None:
        reason = _REASON_OF_CALL.get(sample.name)
        if reason is None or not sample.name.startswith("epoll_"):
            # Who polls one descriptor waits for that; a loop that has one left is a loop yet.
            reason = _REASON_OF_SITE.get(sample.site, reason)
        life.lane.relabel(
            _BLOCKED,
            evidence,
            reason or _OTHER,
            self._things.descriptor(sample),
            self._peer(life, sample),
            reason_evidence=_SAMPLED,
        )

    def _peer(self, life: ThreadLife, sample: SyscallSample) -> int:
        """The track of the process that a sampled call waits for."""
        peer = self._who.of_pid(sample.peer) if sample.peer else None
        return peer.track.id if peer is not None and peer.process is not life.process else NOTHING


def _longest(gil: Gil) -> int:
    """How long a wait for the GIL lasts at most, before the thread wakes to ask."""
    return (gil.interval_ns or _LONG_NS) + _LATE_NS


def satisfy(life: ThreadLife) -> None:
    """A wake-up inside an operation that needs one: what it waited for has come."""
    op = life.op
    if op is not None and op.reason in _ONE_WAKE_UP and life.cpu is _OFF:
        op.satisfied = not op.in_vain


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
