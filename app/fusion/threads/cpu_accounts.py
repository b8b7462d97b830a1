"""Compares how long threads ran by their switches with the kernel's account of their CPU time.

The account stops while the hypervisor runs something else, and while an interrupt is served
(update_rq_clock_task in the kernel's sched/core.c); by its switches the thread goes on running.
When that happened is not known. Only the total difference is, at readings of the account while the
thread is off its CPU, and when a thread itself reads it at its end.
"""

from __future__ import annotations

from app.fusion.lives.lives import ThreadLife
from app.fusion.lives.reports import Cpu
from app.fusion.picture.book import Book
from app.timeline.states import State

_OFF = frozenset({Cpu.OFF, Cpu.READY, Cpu.WOKEN})
#: A reading may be older than its record by at most this, and the thread must have been off its CPU
#: already then.
_SETTLED_NS = 100_000
#: Two clocks are read at each switch. A difference below this, for each switch, may be theirs.
_EACH_NS = 5_000
_LEAST_NS = 2_000_000


class CpuAccounts:
    """Sets how much of each lane's running time the kernel's account does not have."""

    def __init__(self, book: Book) -> None:
        self._exact = book.facts.switches

    def born(self, life: ThreadLife) -> None:
        """The thread's birth was seen: both start at zero."""
        if self._exact:
            life.counted = (0, 0, 0)

    def reading(self, life: ThreadLife, t: int, run_ns: int, slices: int) -> None:
        """/proc/<tid>/schedstat, read before ``t``."""
        if not self._exact or life.cpu not in _OFF or t - life.lane.start < _SETTLED_NS:
            return
        skew = slices - life.switches.switch_ins
        if life.counted is None:
            life.counted = (life.lane.total(State.RUNNING, t), run_ns, skew)
        elif life.counted[2] == skew:
            self._compare(life, t, run_ns)

    def own_reading(self, life: ThreadLife, t: int, run_ns: int) -> None:
        """The thread read its own account, at ``t``."""
        if life.counted is not None and life.cpu is Cpu.RUNNING:
            self._compare(life, t, run_ns)

    def lost(self, life: ThreadLife) -> None:
        """Switches went missing: how long it ran by them is not known any more."""
        life.counted = None
        life.lane.uncounted = None

    def _compare(self, life: ThreadLife, t: int, run_ns: int) -> None:
        assert life.counted is not None
        ran, counted, _ = life.counted
        more = life.lane.total(State.RUNNING, t) - ran - (run_ns - counted)
        life.lane.uncounted = more if more > _LEAST_NS + _EACH_NS * life.switches.switch_ins else 0
