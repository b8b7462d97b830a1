"""How long a blocked thread was ready before it ran, from the run queue's own account.

Context-switch records do not tell when a thread was woken. The kernel's account does in sum:
/proc/<tid>/schedstat holds the ns a thread waited on run queues and how often it got a CPU
(Linux Documentation/scheduler/sched-stats.rst). Between two readings the difference, less the
preemptions we saw, is the sum of the waits before the switch-ins whose wake-up was not told.

One such wait has the sum for itself. Of several, each has at most its length; where the probe
told by whom it was let go on (a lock's release, a message), at most the time since. Within that
they are taken to have stopped equally long, for what crowds a machine, other programs' time
slices, makes the waits for a CPU differ far more than the waits for each other.
"""

from __future__ import annotations

from bisect import bisect_left

from app.fusion.lives.lives import ThreadLife
from app.fusion.lives.reports import Cpu
from app.fusion.picture.book import Book

_UNSEEN, _QUEUED, _OFF, _WOKEN = Cpu.UNSEEN, Cpu.READY, Cpu.OFF, Cpu.WOKEN
#: A reading comes with the drain of the rings, late where the machine is crowded (and where
#: waits for a CPU are worth seeing); later than this it is not waited for.
PATIENCE_NS = 500_000_000
#: A shorter wait is not told apart from the clocks' and the switch's own time.
LEAST_NS = 1_000
#: The probe tells of a message or a release so long after it at most.
LATE_NS = 10_000
#: A reading that raced with a switch is off by one wait: too much, unless it is one of many.
_MANY = 8


class RunQueue:
    """Holds the slices before switch-ins until the reading after them came."""

    def __init__(self, book: Book) -> None:
        self._book = book
        #: Sampling has no switch-ins to wait for.
        self._waits = book.facts.switches

    def born(self, life: ThreadLife) -> None:
        """A thread whose birth was seen: its account starts at nothing."""
        life.queue.baseline = (0, 0)

    def switch_in(self, life: ThreadLife, t: int) -> None:
        """The thread gets a CPU; ``life`` is as it was before.

        If it was off its CPU, it is about to leave a slice whose end it may have spent ready.
        """
        count, cpu = life.queue, life.cpu
        count.switch_ins += 1
        if cpu is _OFF:
            count.unknown_switch_ins += 1
            lane = life.lane
            if self._waits and count.baseline is not None and t - lane.start > LEAST_NS:
                self._hold(life, t)
                lane.mark()
        elif cpu is _WOKEN or cpu is _QUEUED:
            count.known_ready_ns += t - life.runnable_since
        elif cpu is _UNSEEN:
            count.unknown_switch_ins += 1

    def left_wait(self, life: ThreadLife, t: int) -> None:
        """Under sampling: the probe tells the end of a wait, whose end may have been spent ready.

        Call it before the arrow that ends there is drawn.
        """
        lane = life.lane
        if t - lane.start > LEAST_NS:
            self._hold(life, t)
            lane.mark()

    def shares(self, life: ThreadLife, wait: int) -> list[int]:
        """A reading under sampling: what of ``wait`` the ends of waits told by the probe take."""
        return self._shares(life, wait) if life.lane.holding and wait >= LEAST_NS else []

    def settle(self, life: ThreadLife, shares: list[int]) -> None:
        """Under sampling, once what followed those waits is laid out."""
        if life.lane.holding:
            self._release(life, shares)

    def reading(self, life: ThreadLife, wait_ns: int, slices: int) -> None:
        """A SchedStat record: settle what is held, and start to count anew.

        ``skew`` is how many switch-ins the kernel counted beyond our records. When it differs
        from the reading before, one of the two raced with a switch: the next one tells which.
        """
        lane, count = life.lane, life.queue
        skew = slices - count.switch_ins
        if lane.holding:
            wait = 0
            if count.baseline is not None:
                raced = abs(count.baseline[1] - skew)
                if raced * _MANY > count.unknown_switch_ins and count.doubted_skew != skew:
                    count.doubted_skew = skew
                    return
                if raced * _MANY <= count.unknown_switch_ins:
                    wait = wait_ns - count.baseline[0] - count.known_ready_ns
            self._release(life, self._shares(life, wait) if wait >= LEAST_NS else [])
        count.baseline, count.doubted_skew = (wait_ns, skew), None
        count.unknown_switch_ins = count.known_ready_ns = 0

    def lost(self, life: ThreadLife) -> None:
        """Switches went missing: until the next reading nothing can be told apart."""
        life.queue.baseline = None
        self._release(life, [])

    def over(self, life: ThreadLife) -> None:
        """The thread ends: no reading will come."""
        self._release(life, [])

    def _hold(self, life: ThreadLife, t: int) -> None:
        lane = life.lane
        if not lane.holding:
            lane.hold()
            self._book.causes[lane.track] = []
            held = lane.start
            self._book.timer(t + PATIENCE_NS, lambda _: self._expire(life, held))

    def _shares(self, life: ThreadLife, wait: int) -> list[int]:
        """The ready end of each marked row, ``wait`` in sum where they are long enough."""
        waits = life.lane.marked()
        causes = sorted(self._book.causes[life.lane.track])
        lengths = [row.end_ns - row.start_ns for row in waits]
        told: list[int] = []
        nexts = [*(row.start_ns for row in waits[1:]), waits[-1].end_ns + LATE_NS]
        for row, length, until in zip(waits, lengths, nexts, strict=True):
            place = bisect_left(causes, row.end_ns) - 1
            if place >= 0 and causes[place] >= row.start_ns:
                told.append(min(row.end_ns - causes[place] + LATE_NS, length))
            elif place + 1 < len(causes) and causes[place + 1] < min(until, row.end_ns + LATE_NS):
                told.append(min(LATE_NS, length))
            else:
                told.append(0)
        untold = [0 if since else length for since, length in zip(told, lengths, strict=True)]
        shares = [0] * len(waits)
        # What was told first, then where nothing was, and at last before what was told.
        for bounds in (told, untold, lengths):
            left = [bound - share for bound, share in zip(bounds, shares, strict=True)]
            more = _level([max(0, bound) for bound in left], wait - sum(shares))
            shares = [share + part for share, part in zip(shares, more, strict=True)]
        return shares

    def _release(self, life: ThreadLife, ready: list[int]) -> None:
        life.lane.release(ready)
        self._book.causes.pop(life.lane.track, None)

    def _expire(self, life: ThreadLife, held: int) -> None:
        lane = life.lane
        if lane.holding and lane.held and lane.held[0].start_ns == held:
            self._release(life, [])


def _level(lengths: list[int], total: int) -> list[int]:
    """What of each length lies above one level, chosen so that it is ``total`` in sum."""
    if total <= 0:
        return [0] * len(lengths)
    level = summed = 0
    ordered = sorted(lengths, reverse=True)
    for count, length in enumerate(ordered, 1):
        summed += length
        level = max(0, (summed - total) // count)
        if count == len(ordered) or level >= ordered[count]:
            break
    return [max(0, length - level) for length in lengths]
