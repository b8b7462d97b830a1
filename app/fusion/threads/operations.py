"""Applies the probe's records of waiting and holding to the thread that wrote them."""

from __future__ import annotations

from app.fusion.between.deadlocks import WaitGraph
from app.fusion.between.findings import Findings
from app.fusion.between.flows import Flows
from app.fusion.lives.gil_rules import update_executing
from app.fusion.lives.identities import Identities
from app.fusion.lives.lives import Operation, ThreadLife, Waiter
from app.fusion.lives.reports import Cpu
from app.fusion.objects.groups import Groups
from app.fusion.objects.objects import Held, KnownObject, Objects
from app.fusion.objects.reasons import BY_CODE, JOINS, LOCKS
from app.fusion.picture.book import Book
from app.fusion.threads.between_looks import overtake, runs_at, waits_from
from app.fusion.threads.off_cpu import OffCpu
from app.fusion.threads.run_queue import RunQueue
from app.timeline import probe_records as probe
from app.timeline import wire
from app.timeline.model import NOTHING
from app.timeline.states import Evidence, ObjectKind, Reason, State

# Members of enums, looked up once: that takes longer than most of what is done with them here.
_BLOCKED, _PROBE, _OFF = State.BLOCKED, Evidence.PROBE, Cpu.OFF
_RUNNING = State.RUNNING
_LOCK, _SEMAPHORE = Reason.LOCK, ObjectKind.SEMAPHORE
_FUTURE = Reason.FUTURE
_WAITING = frozenset({State.BLOCKED, State.AWAITING})
#: Lines of running threads are taken from the probe's records as often as they are seen from
#: outside.
SEEN_NS = 50_000_000
#: If at most this many wait for an object, their open rows show a new holder at once.
_CROWD = 16


class Operations:
    """ENTER, LEAVE, ACQUIRED, RELEASED, NOTIFY."""

    def __init__(
        self,
        book: Book,
        ids: Identities,
        objects: Objects,
        graph: WaitGraph,
        flows: Flows,
        off_cpu: OffCpu,
        findings: Findings,
        groups: Groups,
        queue: RunQueue,
    ) -> None:
        self._book = book
        self._findings = findings
        self._groups = groups
        self._ids = ids
        self._objects = objects
        self._graph = graph
        self._flows = flows
        self._off_cpu = off_cpu
        self._switches = book.facts.switches
        self._sampled = book.facts.sampled
        self._queue = queue

    def enter(self, t: int, life: ThreadLife, record: probe.Enter) -> None:
        if life.op is not None:
            self.forget(t, life)  # its LEAVE was lost
        code, obj, where = record.reason, record.obj, record.where
        reason = BY_CODE[code]
        target, object_id = None, NOTHING
        if reason in JOINS:
            target = self._target(obj, where & 0xFFFF_FFFF)
        if obj:
            known = self._objects.known(obj, reason)
            object_id = known.object_id or self._objects.show(
                obj, reason, target.track.name if target else ""
            )
            known.add_waiter(life, reason)
        elif reason is _FUTURE:
            object_id = self._groups.object_id(life, reason)
        line = self._objects.place(record.pid, where >> 32, record.line)
        if t - life.line_seen_at >= SEEN_NS:
            self._seen(t, life, line)
        op = life.op = Operation(reason, t, line, obj, object_id, target)
        op.sends = reason is Reason.SOCKET and where & wire.SENDS == wire.SENDS
        op.inner = where & wire.INNER == wire.INNER and reason not in JOINS
        if life.python:
            update_executing(life, t)
        self._graph.entered(life, t)
        if life.loop.step is not None:
            self._findings.step_waits(life.loop.step, op, t)
        if not self._switches:
            overtake(life)
            waits_from(life, t)
            life.lane.change(
                t,
                _BLOCKED,
                _PROBE,
                reason,
                object_id,
                self._off_cpu.holder(life),
                line=op.line,
                reason_evidence=_PROBE,
            )
        elif life.cpu is _OFF:
            self._off_cpu.decide(life)
        elif reason is Reason.OTHER and life.lane.state is _RUNNING:
            # Code of another interpreter runs, maybe for long, without this one's lock.
            life.lane.cut(t, NOTHING)
            life.lane.label(NOTHING, NOTHING)

    def leave(self, t: int, life: ThreadLife, record: probe.Leave) -> None:
        op = life.op
        if op is None:
            return
        if self._sampled and life.lane.state is _BLOCKED:
            self._queue.left_wait(life, t)
        if record.outcome == wire.GOT:
            self._flows.left(life, op, t)
        if not self._switches:
            known = self._objects.get(op.obj) if op.reason in LOCKS else None
            if known and known.released and known.released[1] >= op.entered:
                life.lane.set_holder(known.released[0])
        self.forget(t, life)
        if self._switches:
            return
        overtake(life)
        if self._sampled:
            # It wrote this record, so it is on a CPU now. Samples will show for how long.
            life.lane.change(t, _RUNNING, _PROBE)
            runs_at(life, t)
        else:
            life.lane.change(t, State.UNKNOWN, Evidence.MISSING)

    def forget(self, t: int, life: ThreadLife) -> None:
        """The operation is over, or lost."""
        op, life.op = life.op, None
        if op is None:
            return
        if op.obj:
            known = self._objects.get(op.obj)
            if known is not None:
                known.remove_waiter(life)
        if life.python:
            update_executing(life, t)
        self._graph.left(life, t)

    def acquired(self, t: int, life: ThreadLife, record: probe.Acquired) -> None:
        known = self._objects.known(record.obj, _LOCK)
        known.claimed_by = None
        held = known.holders.get(life)
        if held is not None:
            held.count += 1
            if held.task is not life.loop.step:
                held.task = None
            if known.kind is _SEMAPHORE:
                self._show_holder(t, known, life)
            return
        if known.kind is not _SEMAPHORE and known.holders:
            known.holders.clear()  # a RELEASED was lost
        line = self._objects.place(record.pid, record.where >> 32, record.line)
        known.add_holder(life, Held(t, line, life.loop.step))
        if t - life.line_seen_at >= SEEN_NS:
            self._seen(t, life, line)
        self._show_holder(t, known, life)

    def released(self, t: int, life: ThreadLife, record: probe.Released) -> None:
        known = self._objects.known(record.obj, _LOCK)
        # A lock or semaphore may be released by a thread that didn't take it.
        owner: Waiter | None = life
        if life not in known.holders:
            owner, known.used_as_signal = next(iter(known.holders), None), True
        if owner is not None:
            held = known.holders[owner]
            held.count -= 1
            if held.count > 0:
                return
            del known.holders[owner]
        known.claimed_by = None
        known.released = (life.actor, t)
        if known.waiters:
            self._graph.released(known, t)

    def promised(self, t: int, by: Waiter, obj: int) -> None:
        """FUTURE_RUN, FUTURE_BY: ``by`` is to give a future's result."""
        if not obj:
            return
        known = self._objects.known(obj, Reason.FUTURE)
        if known.notified is None:
            known.holders.clear()
            known.add_holder(by, Held(t, 0))
            self._show_holder(t, known, by)
            self._graph.held(known, t)

    def unpromised(self, obj: int) -> bool:
        """True if it is not known yet which thread or coroutine gives this future's result."""
        known = self._objects.get(obj)
        return known is None or not (known.holders or known.notified)

    def fulfilled(self, t: int, life: ThreadLife, obj: int) -> None:
        """FUTURE_DONE: the future has its result."""
        if obj:
            known = self._objects.known(obj, Reason.FUTURE)
            known.holders.clear()
            self.notify(t, life, obj, 0)
            self._graph.released(known, t)

    def notify(self, t: int, life: ThreadLife, obj: int, count: int) -> None:
        """NOTIFY, FUTURE_DONE: waiters may go on; of a condition's waiters, the ``count`` that have
        waited longest, as in its deque.
        """
        if not obj:
            return
        known = self._objects.known(obj)
        known.notified = (life.actor, t)
        awaiting_notice = known.awaiting_notice
        while awaiting_notice:
            waiter = next(iter(awaiting_notice))
            op = waiter.op
            if op is not None:
                if op.reason is not Reason.CONDITION:
                    op.satisfied = op.certain = True
                elif count > 0:
                    count -= 1
                else:
                    break
                op.given = known.notified
            del awaiting_notice[waiter]

    def got(self, life: ThreadLife, obj: int) -> None:
        """PUT or GET inside a wait for the queue: the call only has to return now."""
        if life.op is not None and life.op.obj == obj:
            life.op.satisfied = life.op.certain = True

    def _seen(self, t: int, life: ThreadLife, line: int) -> None:
        """The thread was at this line at ``t``, when it wrote a record."""
        if not line or life.lane.state is not _RUNNING:
            return
        life.line_seen_at = t
        self._book.seen(life.track.id, t, line)
        step = life.loop.step
        if step is not None and step.lane.state is _RUNNING:
            self._book.seen(step.track.id, t, line)

    def _show_holder(self, t: int, known: KnownObject, life: Waiter) -> None:
        """``life`` has the object from now on: let the waiters' open slices show their holder."""
        if not 0 < len(known.waiters) <= _CROWD:
            return
        holder = known.sole_holder()
        if holder is None or (holder is not life and life not in known.holders):
            return
        for waiter in known.waiters:
            if waiter is life:
                continue
            if waiter.lane.state in _WAITING:
                waiter.lane.pass_to(t, holder.track.id)

    def _target(self, obj: int, ident: int) -> ThreadLife | None:
        """The thread that is joined: by the probe's object, else by the kernel's id."""
        life = self._ids.thread_of.get(obj) if obj else None
        if life is None and ident:
            life = self._ids.threads.get(ident)
        return life
