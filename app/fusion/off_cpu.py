"""Why a thread is off the CPU: the probe's operation, the GIL, or a system call."""

from __future__ import annotations

from app.fusion.identities import Identities
from app.fusion.lives import Cpu, ThreadLife
from app.fusion.things import Things
from app.timeline.model import NOTHING
from app.timeline.records import SyscallSample
from app.timeline.states import Evidence, Reason, State

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
        life.lane.change(t, State.BLOCKED, self.evidence, Reason.OTHER)
        self.decide(life)

    def sampled(self, life: ThreadLife, sample: SyscallSample) -> None:
        """/proc showed the system call in which the thread is stopped."""
        life.sample = sample
        self.decide(life)

    def decide(self, life: ThreadLife) -> None:
        """Say what is known now of the open slice, while it is open."""
        lane, op, sample = life.lane, life.op, life.sample
        if lane.state is State.STOPPED:
            return
        start = lane.start
        evidence = self.evidence
        if sample is not None and sample.site == "gil" and life.process.has_gil:
            other = life.process.other_executing(life, start)
            lane.relabel(
                State.GIL,
                Evidence.INFERRED,
                holder=other.track.id if other else NOTHING,
                reason_evidence=Evidence.SAMPLED,
            )
        elif op is not None and not (self._over(life) and self._wants_gil(life)):
            lane.relabel(
                State.BLOCKED,
                evidence,
                op.reason,
                op.thing,
                self.holder(life),
                op.line,
                Evidence.PROBE,
            )
        elif op is None and sample is not None and sample.site != "gil":
            self._system_call(life, sample, evidence)
        elif self._wants_gil(life):
            other = life.process.other_executing(life, start)
            lane.relabel(
                State.GIL,
                Evidence.INFERRED,
                holder=other.track.id if other else NOTHING,
                reason_evidence=Evidence.INFERRED,
            )
        else:
            lane.relabel(State.BLOCKED, evidence, Reason.OTHER)

    def close(self, life: ThreadLife) -> None:
        """The slice ends now: its last decision, and the holder that let it go."""
        lane, op = life.lane, life.op
        if lane.state not in (State.BLOCKED, State.GIL):
            return
        free = op is not None and lane.holder == NOTHING and op.reason in _LOCKS
        if lane.reason is Reason.OTHER or lane.state is State.GIL or free:
            self.decide(life)
        if op is None or lane.state is not State.BLOCKED or op.reason not in _OWNED:
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
                and known.released is not None
                and known.released[1] >= op.entered
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
            and process.other_executing(life, life.lane.start) is not None
        )

    def _system_call(self, life: ThreadLife, sample: SyscallSample, evidence: Evidence) -> None:
        reason = _REASON_OF_SITE.get(sample.site) or _REASON_OF_CALL.get(sample.name)
        life.lane.relabel(
            State.BLOCKED,
            evidence,
            reason or Reason.OTHER,
            self._things.descriptor(sample),
            self._peer(life, sample),
            reason_evidence=Evidence.SAMPLED,
        )

    def _peer(self, life: ThreadLife, sample: SyscallSample) -> int:
        """The track of the process that a sampled call waits for."""
        peer = self._who.of_pid(sample.peer) if sample.peer else None
        return peer.track.id if peer is not None and peer.process is not life.process else NOTHING


def satisfy(life: ThreadLife) -> None:
    """A switch-in inside an operation that needs one wake-up: what it waited for has come."""
    op = life.op
    if op is not None and op.reason in _ONE_WAKE_UP and life.cpu is Cpu.OFF:
        op.satisfied = True


#: Operations that the kernel ends by the wake-up itself. A lock's waiter may find it taken again
#: (then it is held, see ``OffCpu._over``); a condition or a queue waits in several steps.
_ONE_WAKE_UP = frozenset(
    {
        Reason.SLEEP,
        Reason.LOCK,
        Reason.RLOCK,
        Reason.PIPE,
        Reason.SOCKET,
        Reason.POLL,
        Reason.WAIT_CHILD,
        Reason.FILE,
    }
)
