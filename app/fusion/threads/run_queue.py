"""How long a blocked thread was ready before it ran, from the run queue's own account.

Records of context switches do not say when a thread was woken. The kernel's account says it in
total: /proc/<tid>/schedstat has the ns that a thread waited on run queues and how often it got a
CPU (Linux Documentation/scheduler/sched-stats.rst). The difference between two readings, less the
waits after preemptions, is the total of the waits before switch-ins whose wake-up was not seen.

If there is one such wait, it gets the whole total. Of several, each gets at most its length; if the
probe recorded what let the thread go on (a lock's release, a message), at most the time since then.
Within these bounds the threads are taken to have been blocked equally long. For on a crowded
machine, the time slices of other programs make the waits for a CPU differ far more than the waits
for one another.
"""

from __future__ import annotations

from bisect import bisect_left

from app.fusion.lives.lives import ThreadLife
from app.fusion.picture.book import Book

#: How long a reading is waited for. It comes when the rings are read, which is late on a crowded
#: machine, where waits for a CPU are most worth seeing.
PATIENCE_NS = 500_000_000
#: A shorter wait may be only the time of the switch and the error of the clocks.
LEAST_NS = 1_000
#: The probe records a message or a release at most this long after it.
LATE_NS = 10_000
#: A reading that raced with a switch is off by one wait. That is too much, unless of this many.
_MANY = 8


class RunQueue:
    """Keeps the slices before switch-ins back until the next reading."""

    def __init__(self, book: Book) -> None:
        self._book = book
        #: Sampling has no switch-ins to wait for.
        self._waits = book.facts.switches

    def born(self, life: ThreadLife) -> None:
        """The thread's birth was seen, so its account starts at zero."""
        life.queue.baseline = (0, 0, 0, 0)

    def before_switch_in(self, life: ThreadLife, t: int) -> None:
        """The thread is about to leave an off-CPU slice whose end it may have spent ready."""
        lane = life.lane
        if not self._waits or life.queue.baseline is None or t - lane.start <= LEAST_NS:
            return
        self._hold(life, t)
        lane.mark()

    def left_wait(self, life: ThreadLife, t: int) -> None:
        """Under sampling: the probe recorded that a wait is over. Its end may have been ready.

        To be called before the flow that ends there is written.
        """
        lane = life.lane
        if t - lane.start > LEAST_NS:
            self._hold(life, t)
            lane.mark()

    def shares(self, life: ThreadLife, wait: int) -> list[int]:
        """A reading under sampling: the shares of ``wait`` of the waits that the probe recorded."""
        return self._shares(life, wait) if life.lane.holding and wait >= LEAST_NS else []

    def settle(self, life: ThreadLife, shares: list[int]) -> None:
        """Under sampling: what followed those waits is laid out, so split them."""
        if life.lane.holding:
            self._release(life, shares)

    def reading(self, life: ThreadLife, wait_ns: int, slices: int) -> None:
        """A SchedStat record: split the slices kept back, and start to count anew.

        ``skew`` is how many switch-ins the kernel counted beyond our records. If it differs from
        the last reading's, one of the two raced with a switch; the next reading shows which.
        """
        lane, count, queue = life.lane, life.switches, life.queue
        before, skew = queue.baseline, slices - count.switch_ins
        if lane.holding:
            wait = 0
            if before is not None:
                waited, skew_before, unknown, known = before
                raced = abs(skew_before - skew) * _MANY
                unknown = count.unknown_switch_ins - unknown
                if raced > unknown and queue.doubted_skew != skew:
                    queue.doubted_skew = skew
                    return
                if raced <= unknown:
                    wait = wait_ns - waited - (count.known_ready_ns - known)
            self._release(life, self._shares(life, wait) if wait >= LEAST_NS else [])
        queue.baseline = wait_ns, skew, count.unknown_switch_ins, count.known_ready_ns
        queue.doubted_skew = None

    def lost(self, life: ThreadLife) -> None:
        """Switches went missing: until the next reading no wait for a CPU is known."""
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
        """How long each marked row was ready at its end: ``wait`` in total, or less."""
        waits = life.lane.marked()
        causes = sorted(self._book.causes[life.lane.track])
        lengths = [row.end_ns - row.start_ns for row in waits]
        known: list[int] = []
        nexts = [*(row.start_ns for row in waits[1:]), waits[-1].end_ns + LATE_NS]
        for row, length, until in zip(waits, lengths, nexts, strict=True):
            place = bisect_left(causes, row.end_ns) - 1
            if place >= 0 and causes[place] >= row.start_ns:
                known.append(min(row.end_ns - causes[place] + LATE_NS, length))
            elif place + 1 < len(causes) and causes[place + 1] < min(until, row.end_ns + LATE_NS):
                known.append(min(LATE_NS, length))
            else:
                known.append(0)
        unknown = [0 if since else length for since, length in zip(known, lengths, strict=True)]
        shares = [0] * len(waits)
        # First where the cause is known, then where it is not, at last before the known causes.
        for bounds in (known, unknown, lengths):
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
    """The part of each length above a common level, so chosen that the parts sum to ``total``."""
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
