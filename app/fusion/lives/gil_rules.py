"""Which thread holds the interpreter lock of a process, as far as its switches show.

A thread of CPython drops the lock when it blocks, or when another thread asked for it. A waiter
wakes after each switch interval (5 ms, ``sys.setswitchinterval``), runs for some microseconds to
ask, and waits again (``take_gil`` in Python/ceval_gil.c). So if two threads execute at once, the
one that came later only asks, unless it runs for longer than asking takes.
"""

from __future__ import annotations

from app.fusion.lives.gil import Gil
from app.fusion.lives.gil_wait import GilWait
from app.fusion.lives.lives import ProcessLife, ThreadLife
from app.fusion.lives.reports import Cpu
from app.fusion.picture.lane import LEAST_PIECE_NS
from app.timeline.model import NOTHING
from app.timeline.states import State

#: A thread that runs beside the holder for longer than this does more than ask for the lock. A
#: hand-over takes less than this, too.
ASKING_NS = 200_000
#: What a thread runs inside a call before or after its wait gets a piece if it is longer.
_LEAST_CALL_NS = 8_000
#: If more threads than this wait, their waits are not cut: each gets a holder only if the lock
#: had a single one all the time.
CROWD = 16

# Members of enums, looked up once: that takes longer than most of what is done with them here.
_RUNNING, _READY, _GIL = State.RUNNING, State.READY, State.GIL
_ON_CPU = frozenset({_RUNNING, _READY})
_ON, _QUEUED = Cpu.RUNNING, Cpu.READY


def show(process: ProcessLife, object_id: int) -> None:
    """The first wait: from now on slices name the lock and its holder."""
    lock = process.gil
    lock.shown_as = object_id
    if lock.holder is not None and lock.holder.lane.state in _ON_CPU:
        lock.holder.lane.label(object_id, lock.holder.track.id)


# --- execution ---------------------------------------------------------------------------------


def update_executing(life: ThreadLife, t: int) -> None:
    """Add the thread to those that execute Python, or take it out, after it changed."""
    lock = life.process.gil
    executing = lock.executing
    if life.python and life.op is None and (life.cpu is _ON or life.cpu is _QUEUED):
        executing[life] = None
        if life is lock.holder:
            return
    elif life in executing:
        del executing[life]
        past = lock.stopped_executing
        if past and past[0][0] is life:
            past[0] = (life, t)
        else:
            lock.stopped_executing = [(life, t), *past[:1]]
    else:
        return
    if lock.followed and len(life.process.threads) > 1:
        changed(life, t)


def changed(life: ThreadLife, t: int) -> None:
    """The thread began or stopped executing Python, got a CPU, or is about to leave it."""
    lock = life.process.gil
    if lock.blind:
        return
    executing = lock.executing
    if lock.holder is None:
        _settle(lock, life, t)
    if lock.holder is not None:
        if life is not lock.holder:
            _settle(lock, life, t)
        if lock.holder in executing:
            return
        if lock.holder is not None:
            _drop(lock, t)
    if lock.giver is not None and lock.giver not in executing:
        lock.giver = None
    taker = None
    for other in executing:
        if other.lane.state is _RUNNING and other is not lock.giver:
            if taker is not None:
                return  # one of them only asks, and it is not known which
            taker = other
    if taker is not None:
        _take(lock, taker, t)


def offered(waiter: ThreadLife, waker: ThreadLife, t: int) -> None:
    """A thread wakes one that waits for the lock: the holder does so when it drops the lock.

    The thread that takes it then also wakes the one that dropped it (FORCE_SWITCHING).
    """
    lock = waiter.process.gil
    if waker is not lock.holder:
        return
    answers = waiter is lock.previous and _ran_since(lock, t) < ASKING_NS
    if not answers:
        _drop(lock, t)
        lock.giver = waker


def proved(life: ThreadLife, t: int) -> None:
    """The probe wrote a record in the thread: it executed Python, so it holds the lock."""
    lock = life.process.gil
    if lock.holder is life or life.lane.state is not _RUNNING:
        lock.unproved = lock.unproved and lock.holder is not life
        return
    _settle(lock, life, t)
    if lock.holder is not life:
        if lock.shown_as:
            _ran_in_call(life, t)
        _displace(lock, t, life)
        _take(lock, life, t)
        lock.unproved = False


def _ran_in_call(life: ThreadLife, t: int) -> None:
    """Cut off what the thread ran inside a call, without the lock; it has it again by now."""
    op, lane = life.op, life.lane
    if op is None:
        return
    called = op.entered > lane.start
    least = LEAST_PIECE_NS if called or life.claim.wants_gil else _LEAST_CALL_NS
    if t - max(op.entered, lane.start) > least:
        if called:
            lane.cut(op.entered, NOTHING)
            lane.label(NOTHING, NOTHING)
        lane.cut(t, NOTHING)


def left_for(life: ThreadLife, t: int) -> None:
    """The thread leaves its CPU at ``t``, to wait in a call: there it dropped the lock."""
    op, lane = life.op, life.lane
    if op is None or lane.state is not _RUNNING or lane.holder != life.track.id:
        return
    if t - op.entered > _LEAST_CALL_NS and op.entered > lane.start:
        lane.cut(op.entered, NOTHING)
        lane.label(NOTHING, NOTHING)


def gone(life: ThreadLife, t: int) -> None:
    """The thread ended."""
    lock = life.process.gil
    lock.unsure.pop(life, None)
    waited(life, t)
    if lock.holder is life:
        _drop(lock, t)
        lock.previous = None
        changed(life, t)


def lost(process: ProcessLife, t: int) -> None:
    """Switches of a thread went unseen: the holder and the waiters are not known any more."""
    lock = process.gil
    if lock.followed and (lock.holder is not None or lock.waiters or lock.previous):
        _doubt(lock, t)
        lock.waiters.clear()
    lock.asked = lock.unproved = False
    lock.giver = None
    lock.blind = True


def found(process: ProcessLife, t: int) -> None:
    """From ``t`` on all switches are seen again; the holder turns out as threads go on."""
    lock = process.gil
    lock.blind = False
    if lock.followed:
        _doubt(lock, t)


def label(life: ThreadLife) -> None:
    """Label a slice on a CPU or a run queue with the lock, if the thread holds it or asks for it.

    To be called only once the lock is ``shown_as`` an object.
    """
    lock = life.process.gil
    holder = lock.holder
    if holder is life:
        life.lane.label(lock.shown_as, life.track.id)
    elif life.claim.wants_gil:
        life.lane.label(lock.shown_as, holder.track.id if holder is not None else NOTHING)


# --- waits -------------------------------------------------------------------------------------


def wait(life: ThreadLife, sure: bool) -> int:
    """The thread's open slice is a wait for the lock. Returns the holder's track, or NOTHING.

    A wait that is not ``sure`` is not cut: it may still turn out to be for something else.
    """
    lock = life.process.gil
    if life in lock.waiters:
        return life.lane.holder
    wait = lock.waiters[life] = GilWait(life.lane, sure, lock.handovers)
    lock.asked = lock.asked or life.claim.wants_gil  # it woke to ask, and waits again
    life.claim.wants_gil = True
    holder = lock.holder
    if holder is None or holder is life or len(lock.waiters) > CROWD:
        return NOTHING
    if (
        lock.taken_at > life.lane.start + ASKING_NS
    ):  # it became known late that it waits for the lock
        wait.mixed = True
    else:
        wait.held_by(holder.track.id)
    return wait.holder


def gave_up(life: ThreadLife) -> None:
    """The thread is blocked for something else."""
    life.claim.wants_gil = False
    life.process.gil.waiters.pop(life, None)


def waited(life: ThreadLife, t: int) -> None:
    """The wait is over, or turned out to be for something else."""
    lock = life.process.gil
    wait = lock.waiters.pop(life, None)
    if wait is None or life.lane.state is not _GIL:
        return
    for other in list(lock.executing):
        _settle(lock, other, t)
    if wait.holder == NOTHING and not wait.mixed and wait.handovers == lock.handovers:
        holder = lock.holder or lock.previous
        if holder is not None and holder is not life and lock.taken_at <= wait.since:
            wait.held_by(holder.track.id)
    wait.cut()


# --- hand-overs --------------------------------------------------------------------------------


def _settle(lock: Gil[ThreadLife], life: ThreadLife, t: int) -> None:
    """Decide about a thread that has run beside the holder for longer than asking takes.

    If it waited for the lock, it has it now: the other thread dropped it, and was preempted while
    it did so, or goes on without it. If not, either of the two may run without the lock.
    """
    holder = lock.holder
    if life is holder or life.lane.state is not _RUNNING:
        return
    since = max(life.lane.start, lock.taken_at, lock.dropped_at if holder is None else 0)
    if t - since <= ASKING_NS:
        return
    if life.claim.wants_gil:
        _displace(lock, since, life)
        _take(lock, life, since)
    elif life.op is None and holder is not None:
        _doubt(lock, t)


def _displace(lock: Gil[ThreadLife], t: int, by: ThreadLife) -> None:
    """Thread ``by`` has the lock since ``t``, though the holder didn't leave its CPU."""
    holder = lock.holder
    if holder is None:
        return
    if by.claim.wants_gil and t - by.stop.stopped_at >= lock.interval_ns:
        lock.asked = True  # by this thread, before it got the lock
    _drop(lock, t)
    lane, wants = holder.lane, holder.claim.wants_gil
    if lane.state is _READY and lock.shown_as:
        # It has not run since, so it was preempted after it dropped the lock.
        lane.label(lock.shown_as if wants else NOTHING, by.track.id if wants else NOTHING)


def _wants_again(lock: Gil[ThreadLife], giver: ThreadLife, t: int) -> bool:
    """True if the holder, which drops the lock, waits for it again at once.

    It does so if it was asked for the lock, and if it only seemed to hold it. Else it dropped the
    lock because it calls something that blocks.
    """
    if giver.op is not None or giver.ending is not None:
        return False
    return lock.asked or (lock.unproved and _ran_since(lock, t) < ASKING_NS)


def _ran_since(lock: Gil[ThreadLife], t: int) -> int:
    """How long the holder has run since it took the lock."""
    assert lock.holder is not None
    return lock.holder.lane.total(_RUNNING, t) - lock.ran_before


def _drop(lock: Gil[ThreadLife], t: int) -> None:
    holder = lock.holder
    assert holder is not None
    claim = holder.claim
    claim.wants_gil = claim.gives_gil = _wants_again(lock, holder, t)
    lock.previous, lock.holder = holder, None
    lock.dropped_at = t


def _doubt(lock: Gil[ThreadLife], t: int) -> None:
    """Two threads ran at once: one of them without the lock, and it is not known which."""
    lock.holder = lock.previous = None
    lock.doubted_until = lock.dropped_at = t
    for other in lock.executing:
        lane = other.lane
        if lane.state is _RUNNING or lane.holder == other.track.id:
            lane.label(NOTHING, NOTHING)
    for wait in lock.waiters.values():
        wait.mix()


def _take(lock: Gil[ThreadLife], life: ThreadLife, t: int) -> None:
    claim, before = life.claim, lock.previous
    again = before is life
    lock.giver = None
    lock.holder = life
    if not again:
        lock.taken_at = t
    if not again or claim.wants_gil:
        lock.ran_before = life.lane.total(_RUNNING, t)
    lock.asked = lock.asked and again
    lock.unproved = claim.wants_gil
    claim.wants_gil = claim.gives_gil = False
    if lock.shown_as and life.lane.state in _ON_CPU and life.lane.start >= lock.doubted_until:
        life.lane.label(lock.shown_as, life.track.id)
    if again:
        return
    lock.handovers += 1
    if before is not None:
        claim = before.claim
        if claim.gave_gil or claim.gives_gil:
            # It learns now that another one has it, maybe before it has left its CPU.
            claim.gave_gil = claim.gives_gil = False
            claim.learned_at = t
    if not 0 < len(lock.waiters) <= CROWD:
        return
    free_since = lock.dropped_at if t - lock.dropped_at > ASKING_NS else 0
    for waiter, wait in list(lock.waiters.items()):
        if waiter.lane.state is not _GIL or waiter is life:
            del lock.waiters[waiter]
        elif wait.sure:
            wait.handed_over(t, life.track.id, free_since, lock.handovers)
        else:
            wait.mix()
