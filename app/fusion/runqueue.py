"""How long a blocked thread was ready before it ran, from the run queue's own account.

Context-switch records do not tell when a thread was woken. The kernel's account does in sum:
/proc/<tid>/schedstat holds the ns a thread waited on run queues and how often it got a CPU
(Linux Documentation/scheduler/sched-stats.rst). When exactly one switch-in of unknown wait lies
between two readings, the difference, less the preemptions we saw, is the wait before that one.
"""

from __future__ import annotations

from app.fusion.book import Book
from app.fusion.lives import ThreadLife

#: A reading comes with the drain of the rings, late where the machine is crowded (and where
#: waits for a CPU are worth seeing); later than this it is not waited for.
PATIENCE_NS = 100_000_000
#: A shorter wait is not told apart from the clocks' and the switch's own time.
LEAST_NS = 1_000


class RunQueue:
    """Holds the slice before a switch-in until the reading after it came."""

    def __init__(self, book: Book) -> None:
        self._book = book
        #: Sampling has no switch-ins to wait for.
        self._waits = book.facts.switches

    def born(self, life: ThreadLife) -> None:
        """A thread whose birth was seen: its account starts at nothing."""
        life.baseline = (0, 0)

    def before_switch_in(self, life: ThreadLife, t: int) -> None:
        """The thread is about to leave an off-CPU slice whose end may have been spent ready."""
        life.unknown_ins += 1
        lane = life.lane
        if lane.holding:
            lane.release()
        elif (
            self._waits
            and life.unknown_ins == 1
            and life.baseline is not None
            and t - lane.start > LEAST_NS
        ):
            lane.hold()
            held = lane.start
            self._book.timer(t + PATIENCE_NS, lambda _: self._expire(life, held))

    def reading(self, life: ThreadLife, wait_ns: int, slices: int) -> None:
        """A SchedStat record: settle what is held, and start to count anew.

        ``skew`` is how many switch-ins the kernel counted beyond our records. When it differs
        from the reading before, one of the two raced with a switch, and nothing can be said.
        """
        lane, skew = life.lane, slices - life.ins
        if lane.holding:
            wait = 0
            if life.unknown_ins == 1 and life.baseline and life.baseline[1] == skew:
                wait = wait_ns - life.baseline[0] - life.known_ready
            lane.release(wait if wait >= LEAST_NS else 0)
        life.baseline = (wait_ns, skew)
        life.unknown_ins = life.known_ready = 0

    def lost(self, life: ThreadLife) -> None:
        """Switches went missing: until the next reading nothing can be told apart."""
        life.baseline = None
        life.lane.release()

    @staticmethod
    def _expire(life: ThreadLife, held: int) -> None:
        lane = life.lane
        if lane.holding and lane.held and lane.held[0].start_ns == held:
            lane.release()
