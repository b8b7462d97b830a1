"""Generators that the program drives by hand: reported as coroutines from their first step on.

``Driven`` is what is known of a generator that was started by hand, with ``next`` or ``send``. It
becomes a coroutine, reported with its past, when it is resumed by hand once more. It becomes one at
once if it is started where another one was that became a coroutine, or by a reported one. A
generator that a ``for`` or a function such as ``list`` uses up is a calculation and isn't reported,
nor is one inside of a task.

The ``Driven`` is kept in ``f_trace`` of the generator's frame, and so ends with it.
"""

from __future__ import annotations

import sys
from _weakref import ref
from time import monotonic_ns

from ..recording import codes, faults, first_records
from ..recording.objects import file_of, fresh, place
from ..recording.thread_state import this_thread
from .resuming import (
    DELEGATES,
    DRIVES,
    how,
    key,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from app.timeline import wire
else:
    from ..recording import wire

_RUN, _PAUSE, _DONE = wire.TASK_RUN, wire.TASK_PAUSE, wire.TASK_DONE
RETURNED, RAISED, CLOSED, LOST = wire.RETURNED, wire.RAISED, wire.CANCELLED, wire.LOST
#: Flags of code objects, see the module inspect.
GENERATOR, _ITERABLE_COROUTINE = 0x20, 0x100
#: At most this many are reported in a process. A further one counts as a part of what drives it.
MOST = 10_000

#: Places (``resuming.key``) that have started generators which became coroutines.
_starts: set[int] = set()
_count = 0
#: By ident, references to those that are reported and not over.
_live: dict[int, Any] = {}
#: True once the program is over: it isn't the program that closes the generators that are left.
ending = False


class Driven:
    """One generator that was started by hand. ``reported`` is True once it is a coroutine."""

    __slots__ = (
        "__weakref__",
        "before",
        "began",
        "closing",
        "code",
        "delegate",
        "file",
        "heard",
        "ident",
        "inner",
        "outer",
        "over",
        "pausing",
        "reported",
        "running",
        "start",
        "under",
    )

    def __init__(self, ident: int, code: Any, began: int, start: int) -> None:
        self.ident = ident
        self.code = code
        self.file = file_of(code.co_filename) >> 12
        self.began = began
        self.start = start  # the place that started it
        self.reported = self.over = self.running = self.closing = False
        self.pausing: Any = None  # until it is reported: (ns, line, delegate) of its first pause
        self.inner = 0  # ident of the generator that it delegates to
        self.delegate: Any = None  # until it is reported: a reference to that generator
        # During a step of it:
        self.outer: Driven | None = None  # the generator that delegates to it
        self.under: Driven | None = None  # the generator whose step contains this step
        self.before = 0  # the coroutine whose step contains this step
        self.heard: Any = None  # for ``hear``

    #: ``tracing._hear``, the trace function of the frame.
    hear: Any = None

    def __call__(self, frame: Any, event: str, arg: Any) -> Any:
        return self if self.hear is None else self.hear(frame, event, arg)

    def __del__(self) -> None:
        try:
            _live.pop(self.ident, None)
            if (
                self.reported
                and not self.over
                and self.ident >> 32 == first_records.pid
                and not ending
            ):
                # A debugger may have replaced this object in ``f_trace``; else the frame is gone.
                this_thread.emit(_DONE, CLOSED if sys.gettrace() is None else LOST, 0, self.ident)
        except Exception:  # the interpreter is ending
            faults.note("a generator's end")


def is_own(code: Any) -> bool:
    """True for a generator function of the program that ``types.coroutine`` hasn't decorated."""
    return (
        code.co_flags & (GENERATOR | _ITERABLE_COROUTINE) == GENERATOR
        and code.co_name != "<genexpr>"
        and file_of(code.co_filename) != 0
    )


def started(frame: Any) -> Driven | None:
    """A generator begins its first step. Return its ``Driven``; None if it is never reported."""
    step = this_thread.step
    current = step.driven
    caller = frame.f_back
    if caller is None:
        return None
    kind = how(caller)
    if kind == DELEGATES:
        if current is None or caller.f_trace is not current:
            return None
    elif kind != DRIVES or _in_task(step, current):
        return None
    start = key(caller)
    state = Driven(fresh(), frame.f_code, monotonic_ns(), start)
    frame.f_trace = state
    if start in _starts or (current is not None and current.reported):
        _report(state, step.task)
    _enter(state, step, kind == DELEGATES, frame)
    return state


def resumed(state: Driven, frame: Any, sure: bool = True, error: Any = None) -> None:
    """A generator is resumed: normally, or with the exception ``error`` thrown into it.

    If the caller isn't ``sure`` which it is, it calls ``judged`` or ``thrown`` later.
    """
    step = this_thread.step
    current = step.driven
    delegated = current is not None and current.inner == state.ident
    if error is not None:
        state.closing = isinstance(error, GeneratorExit)
        if state.closing and ending:
            state.reported = False
        state.inner = 0  # the generator that it delegated to had the exception first, and is over
    if not state.reported:
        if sure and not state.closing:
            _judge(state, frame, step, current if delegated else None)
    elif state.ident >> 32 != first_records.pid:
        state.ident = fresh()  # it was reported in the parent, of which this process is a fork
        _introduce(state, step.task)
    _enter(state, step, delegated, frame)


def judged(state: Driven, frame: Any) -> None:
    """The step under way is a normal one, which wasn't known when it began."""
    step = this_thread.step
    if step.driven is state:
        step.driven = state.under
        _judge(state, frame, step, state.outer)
        delegated, state.outer = state.outer is not None, None
        _enter(state, step, delegated, frame)


def thrown(state: Driven, error: type) -> None:
    """The step that has just begun has an exception thrown into it."""
    state.closing = issubclass(error, GeneratorExit)
    state.inner = 0
    if state.reported and not state.running and state.ident >> 32 == first_records.pid:
        _run(state, this_thread.step)


def suspended(state: Driven, frame: Any) -> None:
    """A generator is suspended at a ``yield``, of its own or of the one that it delegates to."""
    line = frame.f_lineno or 0
    if not state.reported:
        if state.pausing is None:
            state.pausing = monotonic_ns(), state.file | line, state.inner and state.delegate
    elif not state.inner and state.ident >> 32 == first_records.pid:
        this_thread.emit(_PAUSE, codes.YIELD, state.file | line, state.ident)
        state.running = False
    _leave(state)


def ended(state: Driven, outcome: int, error: str = "") -> None:
    """A generator's last step is over, with one of the outcomes above."""
    if outcome != RAISED and state.closing:
        outcome = CLOSED
    _over(state, outcome, error if outcome == RAISED else "")
    outer = state.outer
    _leave(state)
    if outer is not None:
        outer.inner = 0
        if outer.reported:
            _run(outer, this_thread.step)


def closed(state: Driven) -> None:
    """A generator was closed without a step."""
    _over(state, CLOSED, "")


def _over(state: Driven, outcome: int, error: str) -> None:
    state.over = True
    if state.reported and state.ident >> 32 == first_records.pid:
        this_thread.text(_DONE, outcome, 0, state.ident, 0, error)
        _live.pop(state.ident, None)


def failed(state: Driven, error: type) -> None:
    """A generator's last step is over, and an exception of this type has left it."""
    closed = state.closing and issubclass(error, GeneratorExit)
    ended(state, CLOSED if closed else RAISED, error.__name__)


def finish() -> None:
    """Set ``ending``: the program is over."""
    global ending
    ending = True


def lose() -> None:
    """Report as lost all that are alive: from now on nothing can be seen of them."""
    living = list(_live.values())
    _live.clear()
    for each in living:
        state = each()
        if state is not None and not state.over:
            state.reported = False
            if state.ident >> 32 == first_records.pid:
                this_thread.emit(_DONE, LOST, 0, state.ident)


# --- becoming a coroutine ----------------------------------------------------------------------


def _in_task(step: Any, current: Driven | None) -> bool:
    """True if this thread is in a step of another coroutine than ``current``."""
    if current is None:
        return bool(step.task)
    return bool(step.task != (current.ident if current.running else current.before))


def _judge(state: Driven, frame: Any, step: Any, outer: Driven | None) -> None:
    """Report the generator if it is resumed by hand or by one that is reported."""
    if outer is None:
        if how(frame.f_back) != DRIVES or _in_task(step, step.driven):
            return
        _starts.add(state.start)
    elif not outer.reported:
        return
    _report(state, step.task)


def _report(state: Driven, parent: int) -> None:
    """Report the generator, and what it did before it was known to be a coroutine."""
    global _count
    if _count >= MOST:
        return
    _count += 1
    if state.ident >> 32 != first_records.pid:
        state.ident, state.pausing = fresh(), None
    state.reported = True
    _live[state.ident] = ref(state)
    pausing, state.pausing = state.pausing, None
    if pausing is None:
        _introduce(state, parent)
        return
    began, (t, line, inner) = state.file | state.code.co_firstlineno, pausing
    this_thread.emit(wire.TASK_BEGAN, 0, began, state.ident, state.began)
    delegate = inner and inner()
    if delegate and not delegate.reported and not delegate.over:
        _report(delegate, state.ident)
    _introduce(state, parent)
    reason, text = (codes.TASK, str(delegate.ident)) if delegate else (codes.YIELD, "")
    this_thread.text(wire.TASK_PAUSED, reason, line, state.ident, t, text)


def _introduce(state: Driven, parent: int) -> None:
    code = state.code
    name = getattr(code, "co_qualname", code.co_name)
    begin = state.file | code.co_firstlineno
    this_thread.text(wire.TASK_NEW, wire.GENERATOR, begin, state.ident, parent, "\0" + name)


# --- steps -------------------------------------------------------------------------------------


def _enter(state: Driven, step: Any, delegated: bool, frame: Any) -> None:
    """A step of the generator begins on this thread."""
    outer = step.driven
    state.under = outer
    state.before = before = step.task
    step.driven = state
    if delegated:
        state.outer = outer
        outer.inner = state.ident
        if not outer.reported:
            outer.delegate = ref(state)
        if outer.running:
            step.emit(_PAUSE, codes.TASK, place(frame.f_back), outer.ident, state.ident)
            outer.running = False
    elif state.reported and before:
        step.emit(_PAUSE, codes.TASK, place(frame.f_back), before, state.ident)
        if outer is not None and outer.ident == before:
            outer.running = False
    if state.reported and not state.inner:
        _run(state, step)


def _run(state: Driven, step: Any) -> None:
    step.emit(_RUN, 0, 0, state.ident)
    step.task = state.ident
    state.running = True


def _leave(state: Driven) -> None:
    """The step is over, and the code that resumed the generator goes on."""
    step = this_thread.step
    under, state.under = state.under, None
    outer, state.outer = state.outer, None
    if step.driven is state:
        step.driven = under
    before = state.before
    if not state.reported or before >> 32 not in (0, first_records.pid):
        return
    step.task = before
    if before and outer is None:
        step.emit(_RUN, 0, 0, before)
        if under is not None and under.ident == before:
            under.running = True
