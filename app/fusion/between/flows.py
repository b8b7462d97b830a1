"""Flows, the arrows between tracks: which track started, let go on, fed, woke or ended which."""

from __future__ import annotations

from typing import TypeVar

from app.fusion.between.queue_items import Fifo, Items
from app.fusion.lives.lives import Operation, ProcessLife, ThreadLife
from app.fusion.lives.reports import Sent
from app.fusion.objects.objects import Objects
from app.fusion.objects.reasons import JOINS, NOTIFIED, RELEASED
from app.fusion.picture.book import Book
from app.timeline.states import FlowKind, ObjectKind, Reason

T = TypeVar("T")

# Members of enums, looked up once: that takes longer than most of what is done with them here.
_WAKE, _RELEASE = FlowKind.WAKE, FlowKind.RELEASE
_PUT_GET, _SEND_RECV = FlowKind.PUT_GET, FlowKind.SEND_RECV
_QUEUE, _BY_QUEUE, _BY_PIPE = ObjectKind.QUEUE, Reason.QUEUE, Reason.PIPE


class Flows:
    """Matches the two ends of each flow. A flow is written when its later end is known."""

    def __init__(self, book: Book, objects: Objects) -> None:
        self._book = book
        self._objects = objects
        self._over: dict[int, int] = {}  # by track: when its code or its process was over
        self._woken_by: dict[int, tuple[int, int]] = {}  # by blocked track: its waker, and when
        self._spawns: dict[int, tuple[int, int]] = {}  # by the started thread's or process's id
        self._items: dict[int, Items] = {}  # by queue
        self._sent: dict[int, Fifo[Sent]] = {}  # by pipe
        self._taken: dict[int, Fifo[tuple[ThreadLife, int]]] = {}
        self._submitted: dict[int, tuple[int, int, int]] = {}

    # --- births --------------------------------------------------------------------------------

    def spawning(self, life: ThreadLife, t: int, obj: int, process: bool) -> None:
        """THREAD_SPAWN or PROCESS_SPAWN: ``start()`` was entered."""
        life.flows.spawning = (t, process)
        if obj:
            self._spawns[obj] = (life.track.id, t)

    def born(self, parent: ThreadLife, child: ThreadLife, t: int) -> None:
        """The kernel saw the child's birth."""
        spawning = parent.flows.spawning
        is_process = child is child.process.main
        since = t
        if spawning is not None and spawning[1] == is_process:
            since = spawning[0]
            if not is_process:
                parent.flows.spawning = None
                child.python = True
        child.flows.spawn_drawn = True
        self._book.flow(FlowKind.SPAWN, parent.track.id, since, child.track.id, t)

    def started(self, child: ThreadLife, obj: int) -> None:
        """THREAD_START or PROCESS_NAME: the child says which ``start()`` it comes from."""
        spawn = self._spawns.pop(obj, None) if obj else None
        if spawn is not None and not child.flows.spawn_drawn:
            self._draw_spawn(spawn, child)

    def spawned(self, life: ThreadLife, child: ThreadLife | None, obj: int) -> None:
        """PROCESS_SPAWNED: ``start()`` knows its child, which a fork server may have made."""
        life.flows.spawning = None
        spawn = self._spawns.pop(obj, None) if obj else None
        if child is None or spawn is None:
            return
        if not child.flows.spawn_drawn or child.process.parent is not life.process:
            self._draw_spawn(spawn, child)

    def _draw_spawn(self, spawn: tuple[int, int], child: ThreadLife) -> None:
        child.flows.spawn_drawn = True
        track, since = spawn
        start = child.track.start_ns
        self._book.flow(FlowKind.SPAWN, track, since, child.track.id, max(since, start))

    # --- wake-ups ------------------------------------------------------------------------------

    def waking(self, life: ThreadLife, waker: ThreadLife, t: int) -> None:
        """The kernel saw ``waker`` begin to wake ``life``."""
        self._woken_by[life.track.id] = (waker.track.id, t)

    def woken(self, life: ThreadLife, t: int) -> None:
        """The woken thread is on a run queue: here the flow ends."""
        waker = self._woken_by.pop(life.track.id, None)
        # An older waker belongs to a wait whose wake-up was lost.
        if waker is not None and waker[1] >= life.lane.start:
            self._book.flow(_WAKE, waker[0], waker[1], life.track.id, t)

    # --- waits ---------------------------------------------------------------------------------

    def left(self, life: ThreadLife, op: Operation, t: int) -> None:
        """An operation got what it waited for: find the track that it came from."""
        track = life.track.id
        if op.reason in JOINS:
            target = op.target
            over = self._over.get(target.track.id) if target else None
            if target is not None and over is not None:
                self._book.flow(FlowKind.JOIN, target.track.id, over, track, t, op.object_id)
            return
        known = self._objects.get(op.obj) if op.obj else None
        if known is None or (known.released is None and known.notified is None):
            return
        given = op.given or known.notified
        causes = [
            cause
            for cause, kinds in ((known.released, RELEASED), (given, NOTIFIED))
            if cause and op.reason in kinds and cause[0] != track and cause[1] >= op.entered
        ]
        if causes:
            by, since = max(causes, key=lambda cause: cause[1])
            self._book.flow(_RELEASE, by, since, track, t, op.object_id)

    def thread_over(self, life: ThreadLife, t: int) -> None:
        self._over[life.track.id] = t
        known = self._objects.get(life.obj) if life.obj else None
        for waiter in known.waiters if known else ():
            if waiter.op is not None:
                waiter.op.satisfied = waiter.op.certain = True

    def process_over(self, process: ProcessLife, t: int) -> None:
        self._over[process.main.track.id] = t

    def signalled(self, process: ProcessLife, t: int) -> None:
        """The process has ended: if by a signal of another track, draw that."""
        kill = process.killed_by()
        if kill is not None and kill.track:
            end = t if process.exit_ns is None else process.exit_ns
            self._book.flow(FlowKind.SIGNAL, kill.track, kill.t, process.main.track.id, end)

    # --- queues and pipes ----------------------------------------------------------------------

    def put(self, life: ThreadLife, t: int, queue: int, key: int) -> None:
        items = self._items.get(queue)
        if items is None:
            items = self._items[queue] = Items()
        actor = life.actor
        got = items.put(key, life.process.pid, actor, t)
        if got is not None:
            # The item was through the pipe before its put() came to record it.
            object_id = self._objects.show(queue, _BY_QUEUE)
            self._book.flow(_PUT_GET, actor, t, got[0], got[1], object_id)

    def get(self, life: ThreadLife, t: int, queue: int, key: int) -> None:
        """An item came out of this process's own queue, or of a pipe that the thread just read."""
        ends = life.flows
        received, ends.received = ends.received, None
        items = self._items.get(queue)
        if items is None:
            if received is None:
                return
            items = self._items[queue] = Items()
        by = life.actor, t
        put = items.get(key) if received is None else items.get_sent(received.pid, by)
        if put is not None:
            object_id = self._objects.show(queue, _BY_QUEUE)
            self._book.flow(_PUT_GET, put[0], put[1], life.actor, t, object_id)

    def emptied(self, queue: int) -> None:
        """A get left no item in this queue."""
        items = self._items.get(queue)
        if items is not None:
            items.empty()

    def send(self, life: ThreadLife, t: int, pipe: int) -> None:
        sent = Sent(pipe, life.process.pid, life.track.id, t, t)
        taken = self._taken.get(pipe)
        if taken:
            # The reader's record came first: its witness was ahead of the sender's.
            got = taken.take()
            if got is not None:
                self._draw_sent(got[0], sent._replace(to_ns=got[1]))
            return
        self._of(self._sent, pipe).add(sent)

    def receive(self, life: ThreadLife, t: int, pipe: int) -> None:
        """Bytes came out of a pipe. If a GET follows, they are a queue's item."""
        self.settle(life)
        known = self._objects.get(pipe)
        plain = known is not None and known.kind is not _QUEUE
        sent = self._sent.get(pipe)
        if sent:
            first = sent.take()
            life.flows.received = first and first._replace(to_ns=t)
            if plain:
                self.settle(life)
        else:
            self._of(self._taken, pipe).add((life, t))

    def unseen(self, pipe: int, sent: int, received: int) -> None:
        """``sent`` messages went through a pipe unseen, and ``received`` came out of it.

        The messages that follow must not be taken for them.
        """
        owed = self._of(self._taken, pipe).drop(sent)
        ahead = self._of(self._sent, pipe)
        ahead.skip(owed)
        self._of(self._taken, pipe).skip(ahead.drop(received))

    def items_unseen(self, queue: int, empty: bool) -> None:
        """Items of this queue came and went unseen. ``empty``: at the end it had none."""
        items = self._items.get(queue)
        if items is None:
            items = self._items[queue] = Items()
        items.lost()
        if empty:
            items.empty()

    def forget(self, life: ThreadLife) -> None:
        """The thread's records were given up: its waker and its last message are not known."""
        self._woken_by.pop(life.track.id, None)
        life.flows.received = None

    @staticmethod
    def forget_received(life: ThreadLife) -> None:
        """The next records are given up: if the last message is a queue's item is not known."""
        life.flows.received = None

    def settle(self, life: ThreadLife) -> None:
        """The last bytes that the thread received were no queue's item."""
        ends = life.flows
        received, ends.received = ends.received, None
        if received is not None:
            self._draw_sent(life, received)

    def _draw_sent(self, reader: ThreadLife, sent: Sent) -> None:
        object_id = self._objects.show(sent.pipe, _BY_PIPE)
        self._book.flow(
            _SEND_RECV,
            sent.from_track,
            sent.from_ns,
            reader.track.id,
            sent.to_ns,
            object_id,
        )

    @staticmethod
    def _of(lines: dict[int, Fifo[T]], pipe: int) -> Fifo[T]:
        found = lines.get(pipe)
        if found is None:
            found = lines[pipe] = Fifo()
        return found

    # --- executors -----------------------------------------------------------------------------

    def forget_future(self, future: int) -> None:
        """A worker took this call unseen."""
        self._submitted.pop(future, None)

    def submit(self, life: ThreadLife, t: int, future: int, pool: int) -> None:
        self._submitted[future] = (life.track.id, t, pool)

    def run_future(self, life: ThreadLife, t: int, future: int) -> None:
        submitted = self._submitted.pop(future, None)
        if submitted is not None:
            track, since, pool = submitted
            object_id = self._objects.show(pool)
            self._book.flow(_PUT_GET, track, since, life.track.id, t, object_id)
