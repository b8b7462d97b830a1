"""What fusion remembers of a thread, a process and a coroutine while they live."""

from __future__ import annotations

from app.fusion.lives.gil import Gil
from app.fusion.lives.reports import Account, Cpu, Kill, Look, Sent
from app.fusion.lives.spent import Spent
from app.fusion.picture.lane import Lane
from app.timeline.model import NOTHING, Track
from app.timeline.records import SyscallSample
from app.timeline.states import Reason, State

#: Looking a member up in its enum takes longer than most of what is done with it here.
_ON, _QUEUED = Cpu.RUNNING, Cpu.READY


class Operation:
    """A blocking operation that the probe saw entered and not yet left.

    ``satisfied``: what it waited for has happened, so a later stop inside it is for the GIL;
    ``told``: that it happened is told, and doesn't only follow from a wake-up. ``inner``: it waits
    for a lock inside the object, and may find it taken again when it wakes. ``given``: the track
    that let it go on by ``notify``, ``set`` and the like, and when.
    """

    __slots__ = (
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
        "told",
    )  # fmt: skip

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
        self.target = target  # who is joined or awaited; of a process, its first thread
        self.sends = False  # of a message: it gives it, rather than takes it
        self.inner = False
        self.satisfied = self.told = False
        self.in_vain = False  # it was woken, and not for what it waits for
        self.given: tuple[int, int] | None = None


class ThreadLife:
    """A thread of the kernel, from its birth to its exit."""

    __slots__ = (
        "account",
        "anchor",
        "awaited",
        "base",
        "baseline",
        "came",
        "counted",
        "counted_ns",
        "cpu",
        "doubted",
        "doubtful",
        "drawn",
        "early",
        "ending",
        "exited",
        "expected",
        "gil_gives",
        "gives",
        "heard",
        "ins",
        "known_ready",
        "lane",
        "last",
        "look",
        "loops_for",
        "loops_since",
        "name_rank",
        "obj",
        "off_at",
        "op",
        "outside",
        "process",
        "python",
        "rang",
        "ready_since",
        "ready_tasks",
        "received",
        "ring",
        "sample",
        "seen_at",
        "spawning",
        "started",
        "step",
        "tid",
        "told_at",
        "track",
        "unknown_ins",
        "waked",
        "wanted",
        "wants_gil",
    )

    def __init__(self, process: ProcessLife, tid: int, track: Track, lane: Lane) -> None:
        self.process = process
        self.tid = tid
        self.track = track
        self.lane = lane
        self.cpu = Cpu.UNSEEN
        self.op: Operation | None = None
        self.awaited = False  # others waited for it at some time, or may have: see waits
        self.sample: SyscallSample | None = None  # taken inside the open off-CPU interval
        self.python = False  # runs Python: it has a ring, or a Python thread is being started
        self.ring = False
        self.doubtful = False  # its records were lost: what it waits for is not known
        self.started = False  # THREAD_START was seen
        self.exited = False
        self.ending: tuple[int, str, int] | None = None  # THREAD_END's aux, exception and time
        self.obj = 0
        self.name_rank = 0
        self.spawning: tuple[int, bool] | None = None  # (t, of a process?) of a start() under way
        self.drawn = False  # the arrow to its start exists
        self.received: Sent | None = None  # what it took from a pipe and did not tell yet
        self.step: TaskLife | None = None  # the coroutine whose step this thread executes
        self.ready_tasks: dict[TaskLife, int] = {}  # coroutines in its loop's ready queue, since
        self.loops_for: TaskLife | None = None  # its loop runs until this coroutine is over
        self.loops_since = 0
        # Its wait for the GIL: when it left its CPU, and see gil.
        self.off_at = self.told_at = 0
        self.seen_at = -1 << 62  # when the probe last told its line
        self.heard = False  # another thread of Python woke it
        self.outside = False  # what woke it is nothing that ends a wait for the GIL
        self.gives = False  # it left its CPU giving the lock away because it was asked
        self.rang = False  # it wakes as one that waits for the lock: by its clock, or by its giver
        self.waked = False  # it is told who woke it
        self.early: tuple[int, int] | None = None  # when it was woken on its way, and by whom
        self.wanted = False  # it left its CPU having waited for the lock, and not got it
        self.came = False  # when it left its CPU, its operation had what it waits for
        self.gil_gives = False  # it was asked for the lock, and waits until another one has it
        self.wants_gil = False  # since its wait began, until it holds the lock
        # What schedstat is compared with: see runqueue.
        self.baseline: tuple[int, int] | None = None
        #: Running by the switches, by the account, and switch-ins it has more: see accounts.
        self.counted: tuple[int, int, int] | None = None
        self.doubted: int | None = None
        self.ins = self.unknown_ins = self.known_ready = self.ready_since = 0
        # What /proc showed last: see sampled_machine.
        self.account: Account | None = None
        self.base = Account(0, 0, 0)  # of the account, what was before the run
        self.anchor: tuple[int, int] | None = None  # when it ran, having run for so long
        self.counted_ns = 0  # when the account was read last
        self.expected = 0  # how long it had run when its operation began
        self.look: Look | None = None
        self.last: tuple[Account, int] | None = None  # of a zombie: the one before, ready since

    def drop_anchor(self, t: int) -> None:
        """It is on a CPU at ``t``: the probe says so. For the sampled machine."""
        self.anchor = t, max(self.expected, self.account.run_ns if self.account else 0)

    def weigh_anchor(self, t: int) -> None:
        """The probe says that it begins to wait at ``t``: so long it ran, if it was not ready."""
        if self.anchor is not None:
            since, ran = self.anchor
            self.expected = ran + (t - since if self.lane.state is State.RUNNING else 0)
            self.anchor = None

    @property
    def actor(self) -> int:
        """The track that does what this thread does: the coroutine whose step it executes."""
        return self.track.id if self.step is None else self.step.track.id

    @property
    def executing(self) -> bool:
        """Whether it is in Python code and may hold the GIL, by all we know."""
        return self.python and self.op is None and self.cpu in (Cpu.RUNNING, Cpu.READY)


class ProcessLife:
    """A process: its main thread's track is its own."""

    __slots__ = (
        "executing",
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
        "stopped_executing",
        "tasks",
        "threads",
        "unended",
    )

    def __init__(self, pid: int, parent: ProcessLife | None) -> None:
        self.pid = pid
        self.parent = parent
        self.main: ThreadLife
        self.threads: dict[int, ThreadLife] = {}
        self.tasks: dict[TaskLife, None] = {}
        self.probed = False
        self.has_gil = True
        self.gil = Gil(self)
        self.main_end: tuple[int, str] | None = None
        self.kills: list[Kill] = []  # the last ones
        self.exit_ns: int | None = None
        self.status: int | None = None
        self.reaped = False
        self.unended: list[ThreadLife] = []  # threads that vanished without THREAD_END
        self.executing: dict[ThreadLife, None] = {}
        self.stopped_executing: list[tuple[ThreadLife, int]] = []  # the last two, newest first

    def sent(self, kill: Kill) -> None:
        """A signal is on its way to this process."""
        self.kills.append(kill)
        del self.kills[:-_KILLS]

    def killed_by(self) -> Kill | None:
        """The last signal like the one that ended it."""
        number = (self.status or 0) & 0x7F
        return next((kill for kill in reversed(self.kills) if kill.number == number), None)

    def other_executing(self, life: ThreadLife, since: int) -> ThreadLife | None:
        """A thread other than ``life`` that executed Python at some time after ``since``."""
        for other in self.executing:
            if other is not life:
                return other
        for other, until in self.stopped_executing:
            if other is not life and until > since:
                return other
        return None

    def update_executing(self, life: ThreadLife, t: int) -> None:
        """Keep the set of threads that execute Python right after ``life`` changed."""
        executing = self.executing
        if life.python and life.op is None and (life.cpu is _ON or life.cpu is _QUEUED):
            executing[life] = None
            if life is self.gil.holder:
                return
        elif life in executing:
            del executing[life]
            past = self.stopped_executing
            if past and past[0][0] is life:
                past[0] = (life, t)
            else:
                self.stopped_executing = [(life, t), *past[:1]]
        else:
            return
        if self.gil.followed and len(self.threads) > 1:
            self.gil.changed(life, t)


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
        self.first_line = 0  # at which its first step begins, where it is known
        self.finding = ""  # of the step that lasts too long, while it does
        self.looped = True  # a loop executes it, and others wait while it runs
        self.born = False  # its TASK_NEW was seen
        self.op: Operation | None = None  # the lock or the other coroutine that it awaits
        self.waited_line = 0  # where it waited last for a lock
        self.readied: list[TaskLife] = []  # who awaits it and was made ready by this step
        self.ready_in_step = False
        self.step_start = 0
        self.step_ready = NOTHING  # since when another coroutine was ready during the step
        self.spent: Spent | None = None  # what the thread did in it, once it is long: see spent

    @property
    def exited(self) -> bool:
        """Whether it is over."""
        return self.lane.ended

    def __hash__(self) -> int:
        return self.obj


#: Signals kept of each process.
_KILLS = 16
#: Who may hold an object, or wait for one.
Waiter = ThreadLife | TaskLife
