"""One track's slices: one after the other without a gap, and each transition lawful."""

from __future__ import annotations

from collections.abc import Sequence

from app.fusion.picture.book import Book
from app.timeline.model import NO_CPU, NOTHING, OPEN, Slice, Stats
from app.timeline.states import (
    COROUTINE_TRANSITIONS,
    THREAD_TRANSITIONS,
    Evidence,
    Reason,
    State,
)

# Members of enums, looked up once: that takes longer than most of what is done with them here.
_UNKNOWN, _READY, _RUNNING = State.UNKNOWN, State.READY, State.RUNNING
_MISSING, _NONE = Evidence.MISSING, Reason.NONE
_ON_CPU = frozenset({_RUNNING, _READY})
_new_row = tuple.__new__

Legal = dict[State, frozenset[State]]


def _with_gaps(lawful: Legal) -> Legal:
    """Any state may be followed by a gap, and a gap by any state."""
    legal = {state: after | {_UNKNOWN} for state, after in lawful.items()}
    legal[_UNKNOWN] = frozenset(State)
    return legal


#: The states that may follow each state, for a thread and for a coroutine.
OF_THREAD = _with_gaps(THREAD_TRANSITIONS)
OF_COROUTINE = _with_gaps(COROUTINE_TRANSITIONS)
_KINDS_OF_STATE = len(State)
#: A wait is not cut into pieces shorter than this.
LEAST_PIECE_NS = 500_000
#: A state that a thread must have passed through between two others lasts at least this long.
SHORTEST_NS = 1_000


class Lane:
    """The open slice of a track, and how its slices are written.

    ``change`` closes the open slice and opens the next. If ``legal`` does not allow the transition,
    the slice before it becomes ``unknown``: something was missed in it. While ``holding``, closed
    rows are kept back, because the marked ones may still be split.
    """

    __slots__ = (
        "before",
        "book",
        "corrected",
        "cpu",
        "ended",
        "evidence",
        "gil_asked",
        "gil_held",
        "held",
        "held_after",
        "holder",
        "holding",
        "involuntary",
        "legal",
        "line",
        "marks",
        "object",
        "reason",
        "reason_evidence",
        "shown",
        "start",
        "state",
        "totals",
        "track",
        "uncounted",
        "voluntary",
    )

    def __init__(
        self,
        book: Book,
        track: int,
        start: int,
        legal: Legal,
        state: State = _UNKNOWN,
        evidence: Evidence = _MISSING,
    ) -> None:
        self.book = book
        self.track = track
        self.legal = legal
        self.start = start
        self.before = _UNKNOWN
        self.state = state
        self.reason = Reason.NONE
        self.object = self.holder = NOTHING
        self.cpu = NO_CPU
        self.line = 0
        self.evidence = evidence
        self.reason_evidence = _MISSING
        self.shown: Slice | None = None
        self.held: list[Slice] = []
        self.held_after = _UNKNOWN
        self.holding = False
        self.marks: list[int] = []
        self.ended = False
        self.totals = [0] * _KINDS_OF_STATE
        self.voluntary = self.involuntary = 0
        self.corrected = (0, 0)
        self.gil_held = self.gil_asked = 0  # ns on a CPU or a run queue
        self.uncounted: int | None = None  # see cpu_accounts
        book.dirty[self] = None

    def change(
        self,
        t: int,
        state: State,
        evidence: Evidence,
        reason: Reason = _NONE,
        object_id: int = NOTHING,
        holder: int = NOTHING,
        cpu: int = NO_CPU,
        line: int = 0,
        reason_evidence: Evidence = _MISSING,
    ) -> None:
        """From ``t`` on the track is in ``state``. A slice of no length leaves no row."""
        if self.ended:
            return
        if t > self.start:
            if state is _UNKNOWN and self.state is _UNKNOWN:
                return
            if state not in self.legal[self.state]:
                self.gap()
            self._close(t)
        elif state not in self.legal[self.before]:
            self.book.gaps += 1
            state, evidence, reason, reason_evidence = _UNKNOWN, _MISSING, _NONE, _MISSING
            object_id = holder = NOTHING
            cpu, line = NO_CPU, 0
        self.state = state
        self.evidence = evidence
        self.reason = reason
        self.object = object_id
        self.holder = holder
        self.cpu = cpu
        self.line = line
        self.reason_evidence = reason_evidence
        self.book.dirty[self] = None

    def relabel(
        self,
        state: State,
        evidence: Evidence,
        reason: Reason = _NONE,
        object_id: int = NOTHING,
        holder: int = NOTHING,
        line: int = 0,
        reason_evidence: Evidence = _MISSING,
    ) -> None:
        """More is known of the whole open slice. It keeps its line if none is given."""
        line = line or (0 if state is _UNKNOWN else self.line)
        self.change(
            self.start, state, evidence, reason, object_id, holder, NO_CPU, line, reason_evidence
        )

    def at_line(self, line: int) -> None:
        """The line at which the open slice began is known now."""
        self.line = line
        self.book.dirty[self] = None

    def set_holder(self, holder: int) -> None:
        """Correct the holder of the whole open slice."""
        if holder != self.holder:
            self.holder = holder
            self.book.dirty[self] = None

    def pass_to(self, t: int, holder: int) -> None:
        """From ``t`` on another track holds what the open slice waits for.

        The slice is cut there, so that each piece has the holder of its time. A piece that would be
        shorter than ``LEAST_PIECE_NS`` gets the next holder.
        """
        if holder != self.holder and t - self.start >= LEAST_PIECE_NS:
            self.cut(t, holder)
        else:
            self.set_holder(holder)

    def label(self, object_id: int, holder: int) -> None:
        """Label the whole open slice with this object, which ``holder`` holds."""
        if (object_id, holder) != (self.object, self.holder):
            self.object, self.holder = object_id, holder
            self.book.dirty[self] = None

    def cut(self, t: int, holder: int) -> None:
        """Cut the open slice at ``t``; only the holder differs from then on."""
        if not self.ended and t > self.start:
            self._close(t)
            self.holder = holder
            self.book.dirty[self] = None

    def gap(self) -> None:
        """In the open slice something happened that no witness saw."""
        self.book.gaps += 1
        self.state, self.evidence = _UNKNOWN, _MISSING
        self.reason, self.reason_evidence = _NONE, _MISSING
        self.object = self.holder = NOTHING
        self.cpu, self.line = NO_CPU, 0

    def hold(self) -> None:
        """From the open slice on, keep closed rows back until ``release``."""
        self.holding = True
        self.held_after = self.before

    def mark(self) -> None:
        """While holding: let ``release`` split the open slice."""
        self.marks.append(len(self.held))

    def marked(self) -> list[Slice]:
        """The marked rows, all closed by now."""
        return [self.held[place] for place in self.marks]

    def widen(self, running_ns: int, most: int) -> None:
        """While holding: move ``running_ns`` in total from the marked rows to the running rows
        beside them, the same share over each edge; at most ``most``, and a third of the row.
        """
        held = self.held
        edges: list[tuple[int, int]] = []
        for place in self.marks:
            for beside in (place - 1, place + 1):
                if 0 <= beside < len(held) and held[beside].state is State.RUNNING:
                    edges.append((place, beside))
        if running_ns <= 0 or not edges:
            return
        each = min(most, running_ns // len(edges))
        lengths = {place: held[place].end_ns - held[place].start_ns for place in self.marks}
        for place, beside in edges:
            row, other, part = held[place], held[beside], min(each, lengths[place] // 3)
            if beside < place:
                held[place] = row._replace(start_ns=row.start_ns + part)
                held[beside] = other._replace(end_ns=other.end_ns + part)
            else:
                held[place] = row._replace(end_ns=row.end_ns - part)
                held[beside] = other._replace(start_ns=other.start_ns - part)
            self.totals[row.state] -= part
            self.totals[State.RUNNING] += part

    def release(self, ready_ns: Sequence[int] = ()) -> None:
        """Hand on the rows kept back. The last ``ready_ns`` of each marked one were spent ready."""
        held, marks, after = self.held, self.marks, self.held_after
        self.held, self.marks, self.holding = [], [], False
        rows, done = self.book.rows, 0
        for place, ready in zip(marks, ready_ns, strict=False):
            row = held[place]
            middle = max(row.start_ns, row.end_ns - ready)
            follows = held[place + 1].state if place + 1 < len(held) else self.state
            if middle == row.start_ns:
                before = held[place - 1].state if place else after
                if done == place and done:
                    before = State.READY  # the row before was split just now, and ends so
                if self._unlawful(before, State.READY):
                    middle = min(
                        row.end_ns, middle + SHORTEST_NS
                    )  # it stopped, if only for an instant
            if middle == row.end_ns or self._unlawful(State.READY, follows):
                continue  # none of it was, or a sample shows it ready afterwards already
            if self._unlawful(row.state, State.READY) and middle > row.start_ns:
                self.book.gaps += 1
                continue
            rows += held[done:place]
            done = place + 1
            if middle > row.start_ns:
                rows.append(_until(row, middle))
            rows.append(_ready(row, middle))
            if row.state is State.GIL:
                self.gil_asked += row.end_ns - middle
            self.totals[row.state] -= row.end_ns - middle
            self.totals[State.READY] += row.end_ns - middle
        if held and done == len(held):
            self.before = State.READY
        rows += held[done:]
        self.book.dirty[self] = None

    def end(self, t: int) -> None:
        """The track is over: its last slice is closed and nothing more is accepted."""
        if self.ended:
            return
        if t > self.start:
            self._close(t)
        self.release()
        self.ended = True
        self.book.stats(self)

    @property
    def of_thread(self) -> bool:
        """True for a thread's track; a coroutine runs as part of a thread."""
        return self.legal is OF_THREAD

    def open_row(self) -> Slice:
        return self._row(OPEN)

    def total(self, state: State, now: int) -> int:
        """How long the track was in ``state``; its open slice counts up to ``now``."""
        open_ns = now - self.start if self.state is state and not self.ended else 0
        return self.totals[state] + max(0, open_ns)

    def counted(self, now: int, running_ns: int, ready_ns: int) -> None:
        """The kernel's own totals up to ``now``. Statistics follow these rather than the slices."""
        self.corrected = (
            running_ns - self.total(State.RUNNING, now),
            ready_ns - self.total(State.READY, now),
        )

    def stats(self, now: int = 0) -> Stats:
        """The totals; the open slice counts up to ``now``."""
        running, ready = self.corrected
        blocked = self.total(State.BLOCKED, now) + self.total(State.AWAITING, now)
        held, asked = self.gil_held, self.gil_asked
        if not self.ended and now > self.start and self.object and self.state in _ON_CPU:
            held += now - self.start if self.holder == self.track else 0
            asked += now - self.start if self.holder != self.track else 0
        return Stats(
            self.track,
            max(0, self.total(State.RUNNING, now) + running),
            max(0, self.total(State.READY, now) + ready),
            max(0, blocked - running - ready),
            self.total(State.GIL, now),
            self.voluntary,
            self.involuntary,
            held,
            self.total(State.GIL, now) + asked,
            self.uncounted,
        )

    def _unlawful(self, before: State, after: State) -> bool:
        return after not in self.legal[before]

    def _close(self, t: int) -> None:
        state = self.state
        (self.held if self.holding else self.book.rows).append(self._row(t))
        self.totals[state] += t - self.start
        if self.object and state in _ON_CPU:  # then the object is the GIL
            if self.holder == self.track:
                self.gil_held += t - self.start
            else:
                self.gil_asked += t - self.start
        self.before = state
        self.start = t

    def _row(self, end: int) -> Slice:
        # What Slice() does, but faster: without filling in defaults.
        return _new_row(
            Slice,
            (
                self.track,
                self.start,
                end,
                self.state,
                self.reason,
                self.object,
                self.holder,
                self.cpu,
                self.line,
                self.evidence,
                self.reason_evidence,
            ),
        )


def _ready(row: Slice, since_ns: int) -> Slice:
    """The end of this row as time on a run queue. If it waited for the GIL, it still wants it."""
    wants = row.state is State.GIL
    return Slice(
        row.track,
        since_ns,
        row.end_ns,
        State.READY,
        object=row.object if wants else NOTHING,
        holder=row.holder if wants else NOTHING,
        line=row.line,
        evidence=Evidence.INFERRED,
    )


def _until(row: Slice, end_ns: int) -> Slice:
    return row._replace(end_ns=end_ns)
