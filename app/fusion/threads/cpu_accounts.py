"""What threads ran by their switches, beside the kernel's account of their CPU time.

The account stands still while the hypervisor runs something else, and while an interrupt is served
(update_rq_clock_task in the kernel's sched/core.c); by its switches the thread goes on running.
Nothing is said of one thread at one instant: the difference is known in sum alone, at readings of
the account while the thread is off its CPU, and where a thread reads it itself at its end.
"""

from __future__ import annotations

from app.fusion.lives.lives import ThreadLife
from app.fusion.lives.reports import Cpu
from app.fusion.picture.book import Book
from app.timeline.states import State

_OFF = frozenset({Cpu.OFF, Cpu.READY, Cpu.WOKEN})
#: A reading is taken for one of the time before it by at most this: then the thread must have been
#: off its CPU already.
_SETTLED_NS = 100_000
#: Two clocks are read at each switch: less than so much for each of them may be their difference.
_EACH_NS = 5_000
_LEAST_NS = 2_000_000


class CpuAccounts:
    """Tells lanes how much of their running the kernel's account does not have."""

    def __init__(self, book: Book) -> None:
        self._exact = book.facts.switches

    def born(self, life: ThreadLife) -> None:
        """Its birth was seen: it has run for nothing, by either."""
        if self._exact:
            life.counted = (0, 0, 0)

    def reading(self, life: ThreadLife, t: int, run_ns: int, slices: int) -> None:
        """/proc/<tid>/schedstat, read before ``t``."""
        if not self._exact or life.cpu not in _OFF or t - life.lane.start < _SETTLED_NS:
            return
        skew = slices - life.queue.switch_ins
        if life.counted is None:
            life.counted = (life.lane.total(State.RUNNING, t), run_ns, skew)
        elif life.counted[2] == skew:
            self._compare(life, t, run_ns)

    def told(self, life: ThreadLife, t: int, run_ns: int) -> None:
        """The thread read its own account, at ``t``."""
        if life.counted is not None and life.cpu is Cpu.RUNNING:
            self._compare(life, t, run_ns)

    def lost(self, life: ThreadLife) -> None:
        """Switches went missing: what it ran is not known, and so nor is what it didn't."""
        life.counted = None
        life.lane.uncounted = None

    def _compare(self, life: ThreadLife, t: int, run_ns: int) -> None:
        assert life.counted is not None
        ran, counted, _ = life.counted
        more = life.lane.total(State.RUNNING, t) - ran - (run_ns - counted)
        life.lane.uncounted = more if more > _LEAST_NS + _EACH_NS * life.queue.switch_ins else 0
