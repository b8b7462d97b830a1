"""What fusion remembers of a thread, a process and a coroutine while they live.

A ``ThreadLife`` has the thread's ids, its open slice (``lane``) and its operation (``op``).
What only some modules need to know is in parts, each written by its owner alone; the table of the
owners is in ``tests/fusion/test_owners.py``.
"""

from __future__ import annotations

from app.fusion.lives.flow_ends import FlowEnds
from app.fusion.lives.gil import DEFAULT_INTERVAL_NS, Gil, GilClaim
from app.fusion.lives.reports import Cpu, Kill
from app.fusion.lives.sampled import Looks, Readings
from app.fusion.lives.spent import Spent
from app.fusion.lives.stop import Stop
from app.fusion.lives.switch_count import RunQueueReadings, SwitchCount
from app.fusion.picture.lane import Lane
from app.timeline.model import NOTHING, Track
from app.timeline.states import Reason


class Operation:
    """A blocking operation that the probe saw entered and not yet left.

    ``satisfied``: what it waited for has happened, so a later stop inside it is for the GIL.
    ``certain``: that is certain, and not only concluded from a wake-up.
    """

    __slots__ = (
        "certain",
        "entered",
        "given",
        "in_vain",
        "inner",
        "line",
        "obj",
        "object_id",
        "reason",
        "satisfied",
        "sends",
        "target",
    )

    def __init__(
        self,
        reason: Reason,
        entered: int,
        line: int,
        obj: int,
        object_id: int,
        target: Waiter | None,
    ) -> None:
        self.reason = reason
        self.entered = entered
        self.line = line
        self.obj = obj
        self.object_id = object_id
        self.target = target  # what is joined or awaited; of a process, its first thread
        self.sends = False  # on a channel: it sends, rather than receives
        #: It waits for a lock inside the object, and may find it taken again when it wakes.
        self.inner = False
        self.satisfied = self.certain = False
        self.in_vain = False  # it was woken, but not by what it waits for
        #: The track that let it go on by ``notify``, ``set`` and the like, and when.
        self.given: tuple[int, int] | None = None


class Loop:
    """The event loop that a thread runs. Written by ``coroutines.machine`` and ``forget`` alone."""

    __slots__ = ("ready_tasks", "runs_for", "runs_since", "step")

    def __init__(self) -> None:
        self.step: TaskLife | None = None  # the coroutine whose step the thread executes
        self.ready_tasks: dict[TaskLife, int] = {}  # coroutines in its ready queue, and since when
        self.runs_for: TaskLife | None = None  # it runs until this coroutine is over
        self.runs_since = 0

    def forget(self, task: TaskLife) -> bool:
        """The coroutine is over, or not followed any more; True if this was its step."""
        self.ready_tasks.pop(task, None)
        if self.step is not task:
            return False
        self.step = None
        return True


class ThreadLife:
    """A thread of the kernel, from its birth to its exit."""

    __slots__ = (
        "awaited",
        "claim",
        "counted",
        "cpu",
        "doubtful",
        "ending",
        "exited",
        "flows",
        "lane",
        "line_seen_at",
        "looks",
        "loop",
        "name_rank",
        "obj",
        "op",
        "process",
        "python",
        "queue",
        "readings",
        "ring",
        "runnable_since",
        "started",
        "stop",
        "switches",
        "tid",
        "track",
        "woken_early",
    )

    def __init__(self, process: ProcessLife, tid: int, track: Track, lane: Lane) -> None:
        self.process = process
        self.tid = tid
        self.track = track
        self.lane = lane
        self.cpu = Cpu.UNSEEN
        self.runnable_since = 0  # of cpu: while it is READY or WOKEN
        self.op: Operation | None = None
        self.awaited = False  # another waited for it at some time, or may have: see deadlocks
        self.python = False  # it runs Python, as its ring or its start shows
        self.ring = False  # its probe has written a record
        self.doubtful = False  # its last records were lost: what it waits for is not known
        self.started = False  # THREAD_START was seen
        self.exited = False
        self.ending: tuple[int, str, int] | None = None  # THREAD_END's aux, exception and time
        self.obj = 0
        self.name_rank = 0
        self.line_seen_at = -1 << 62  # when the probe last recorded its line
        self.loop = Loop()
        self.flows = FlowEnds()
        self.stop = Stop()  # the last one
        self.claim = GilClaim()
        #: When it was woken before it had left its CPU, and by which thread.
        self.woken_early: tuple[int, int] | None = None
        self.switches = SwitchCount()
        self.queue = RunQueueReadings()
        #: Running by the switches, by the account, and switch-ins it has more: see cpu_accounts.
        self.counted: tuple[int, int, int] | None = None
        self.looks = Looks()
        self.readings = Readings()

    @property
    def actor(self) -> int:
        """The track that acts: the coroutine whose step the thread executes, else the thread."""
        step = self.loop.step
        return self.track.id if step is None else step.track.id


class ProcessLife:
    """A process. Its own track is that of its main thread."""

    __slots__ = (
        "exit_ns",
        "gil",
        "has_gil",
        "kills",
        "main",
        "main_end",
        "parent",
        "pid",
        "probed",
        "reaped",
        "status",
        "tasks",
        "threads",
        "unended",
    )

    def __init__(self, pid: int, parent: ProcessLife | None, switches: bool) -> None:
        self.pid = pid
        self.parent = parent
        self.main: ThreadLife
        self.threads: dict[int, ThreadLife] = {}
        self.tasks: dict[TaskLife, None] = {}
        self.probed = False
        self.has_gil = True
        # fork(2) copies the switch interval.
        interval_ns = parent.gil.interval_ns if parent is not None else DEFAULT_INTERVAL_NS
        self.gil: Gil[ThreadLife] = Gil(switches, interval_ns)
        self.main_end: tuple[int, str] | None = None
        self.kills: list[Kill] = []  # the last signals sent to it
        self.exit_ns: int | None = None
        self.status: int | None = None
        self.reaped = False
        self.unended: list[ThreadLife] = []  # threads that vanished without THREAD_END

    def sent(self, kill: Kill) -> None:
        """A signal is on its way to this process."""
        self.kills.append(kill)
        del self.kills[:-_KILLS]

    def killed_by(self) -> Kill | None:
        """The last signal of the number that ended it."""
        number = (self.status or 0) & 0x7F
        return next((kill for kill in reversed(self.kills) if kill.number == number), None)


class TaskLife:
    """A coroutine wrapped in a task."""

    __slots__ = (
        "awaited",
        "born",
        "finding",
        "first_line",
        "lane",
        "line",
        "looped",
        "obj",
        "op",
        "process",
        "readied",
        "ready_in_step",
        "spent",
        "step_ready",
        "step_start",
        "thread",
        "track",
        "waited_line",
    )

    def __init__(
        self, obj: int, process: ProcessLife, thread: ThreadLife, track: Track, lane: Lane
    ) -> None:
        self.obj = obj
        self.process = process
        self.thread = thread
        thread.awaited = True  # for its next step
        self.awaited = False
        self.track = track
        self.lane = lane
        self.line = 0
        self.first_line = 0  # where its first step begins; 0 if not known
        self.finding = ""  # the id of the finding about its step, while that lasts too long
        self.looped = True  # an event loop executes it, so others wait while it runs
        self.born = False  # its TASK_NEW was seen
        self.op: Operation | None = None  # the lock or the other coroutine that it awaits
        self.waited_line = 0  # where it last waited for a lock
        self.readied: list[TaskLife] = []  # those that await it and were made ready by this step
        self.ready_in_step = False
        self.step_start = 0
        self.step_ready = NOTHING  # since when another coroutine was ready during the step
        self.spent: Spent | None = None  # what the thread did in its step, once that is long

    @property
    def exited(self) -> bool:
        """True if it is over."""
        return self.lane.ended

    def __hash__(self) -> int:
        return self.obj


#: Signals kept of each process.
_KILLS = 16
#: What may hold an object, or wait for one.
Waiter = ThreadLife | TaskLife
