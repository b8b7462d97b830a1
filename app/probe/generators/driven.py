"""Generators that the program drives by hand: told as coroutines from their first step on.

``Driven`` is what is known of one that was started by hand, by ``next`` or ``send``. It becomes a
coroutine, and is told with its past, when it is resumed so once more; at once where it is started
at a place that has driven another, or by one that is told. A generator that a ``for`` or a
function such as ``list`` uses up is a calculation and not told; so is one inside of a task.

The object stands in the ``f_trace`` of the generator's frame, and so ends with it.
"""

from __future__ import annotations

import sys
from _weakref import ref
from time import monotonic_ns

from ..recording import codes, faults, first_records
from ..recording.objects import file_of, fresh, place
from ..recording.ring import this_thread
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
RETURNED, RAISED, CLOSED, LOST = 0, 1, 2, 3
#: Flags of code objects, see inspect.
GENERATOR, _ITERABLE_COROUTINE = 0x20, 0x100
#: So many are told of one process; what comes then is part of whoever drives it.
MOST = 10_000

#: The places at which generators are started that are resumed by hand later.
_starts: set[int] = set()
_count = 0
#: Those that are told and not over, by ident.
_live: dict[int, Any] = {}
#: The program is over: that the interpreter closes what is left is none of its own doing.
ending = False


class Driven:
    """One generator that was started by hand. ``told``: it is a coroutine of the timeline."""

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
        "running",
        "start",
        "told",
        "under",
    )

    def __init__(self, ident: int, code: Any, began: int, start: int) -> None:
        self.ident = ident
        self.code = code
        self.file = file_of(code.co_filename) >> 12
        self.began = began
        self.start = start  # the place that started it
        self.told = self.over = self.running = self.closing = False
        self.pausing: Any = None  # of one not told: (ns, line, delegate) of its first pause
        self.inner = 0  # the one that it delegates to, by ident
        self.delegate: Any = None  # a reference to that, of one not told
        self.outer: Driven | None = None  # during a step: the one that delegates to it
        self.under: Driven | None = None  # during a step: the one whose step this one's is in
        self.before = 0  # during a step: the coroutine whose step this one's is in
        self.heard: Any = None  # for ``hear``

    #: What a trace function hears of the frame.
    hear: Any = None

    def __call__(self, frame: Any, event: str, arg: Any) -> Any:
        return self if self.hear is None else self.hear(frame, event, arg)

    def __del__(self) -> None:
        try:
            _live.pop(self.ident, None)
            if self.told and not self.over and self.ident >> 32 == first_records.pid and not ending:
                # A debugger may have put its own function here; else the frame is gone.
                this_thread.emit(_DONE, CLOSED if sys.gettrace() is None else LOST, 0, self.ident)
        except Exception:  # the interpreter is ending
            faults.note("a generator's end")


def is_own(code: Any) -> bool:
    """Whether this is a generator function of the program, and none of ``types.coroutine``."""
    return (
        code.co_flags & (GENERATOR | _ITERABLE_COROUTINE) == GENERATOR
        and code.co_name != "<genexpr>"
        and file_of(code.co_filename) != 0
    )


def started(frame: Any) -> Driven | None:
    """A generator begins its first step: what is known of it from now on, if it may be told."""
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
    if start in _starts or (current is not None and current.told):
        _tell(state, step.task)
    _enter(state, step, kind == DELEGATES, frame)
    return state


def resumed(state: Driven, frame: Any, sure: bool = True, error: Any = None) -> None:
    """It goes on: to its next step, or with the exception that was thrown into it.

    Not ``sure`` is who does not know which; ``judged`` or ``thrown`` follow then.
    """
    step = this_thread.step
    current = step.driven
    delegated = current is not None and current.inner == state.ident
    if error is not None:
        state.closing = isinstance(error, GeneratorExit)
        if state.closing and ending:
            state.told = False
        state.inner = 0  # whom it delegated to had the exception first, and is over
    if not state.told:
        if sure and not state.closing:
            _judge(state, frame, step, current if delegated else None)
    elif state.ident >> 32 != first_records.pid:
        state.ident = fresh()  # this process is a fork of the one that it was told in
        _introduce(state, step.task)
    _enter(state, step, delegated, frame)


def judged(state: Driven, frame: Any) -> None:
    """The step under way is none with an exception, as was not known when it began."""
    step = this_thread.step
    if step.driven is state:
        step.driven = state.under
        _judge(state, frame, step, state.outer)
        delegated, state.outer = state.outer is not None, None
        _enter(state, step, delegated, frame)


def thrown(state: Driven, error: type) -> None:
    """The step that has just begun is one with an exception thrown into it."""
    state.closing = issubclass(error, GeneratorExit)
    state.inner = 0
    if state.told and not state.running and state.ident >> 32 == first_records.pid:
        _run(state, this_thread.step)


def suspended(state: Driven, frame: Any) -> None:
    """It stands at a ``yield``, or the one that it delegates to does."""
    line = frame.f_lineno or 0
    if not state.told:
        if state.pausing is None:
            state.pausing = monotonic_ns(), state.file | line, state.inner and state.delegate
    elif not state.inner and state.ident >> 32 == first_records.pid:
        this_thread.emit(_PAUSE, codes.YIELD, state.file | line, state.ident)
        state.running = False
    _leave(state)


def ended(state: Driven, outcome: int, error: str = "") -> None:
    """Its last step is over."""
    if outcome != RAISED and state.closing:
        outcome = CLOSED
    _over(state, outcome, error if outcome == RAISED else "")
    outer = state.outer
    _leave(state)
    if outer is not None:
        outer.inner = 0
        if outer.told:
            _run(outer, this_thread.step)


def closed(state: Driven) -> None:
    """It was closed where it stood, without a step."""
    _over(state, CLOSED, "")


def _over(state: Driven, outcome: int, error: str) -> None:
    state.over = True
    if state.told and state.ident >> 32 == first_records.pid:
        this_thread.text(_DONE, outcome, 0, state.ident, 0, error)
        _live.pop(state.ident, None)


def failed(state: Driven, error: type) -> None:
    """Its last step is over, and this exception left it."""
    closed = state.closing and issubclass(error, GeneratorExit)
    ended(state, CLOSED if closed else RAISED, error.__name__)


def finish() -> None:
    """The program is over; see ``ending``."""
    global ending
    ending = True


def lose() -> None:
    """From now on nothing can be seen of those that live."""
    living = list(_live.values())
    _live.clear()
    for each in living:
        state = each()
        if state is not None and not state.over:
            state.told = False
            if state.ident >> 32 == first_records.pid:
                this_thread.emit(_DONE, LOST, 0, state.ident)


# --- becoming a coroutine ----------------------------------------------------------------------


def _in_task(step: Any, current: Driven | None) -> bool:
    """Whether this is a part of a step of another coroutine than ``current``."""
    if current is None:
        return bool(step.task)
    return bool(step.task != (current.ident if current.running else current.before))


def _judge(state: Driven, frame: Any, step: Any, outer: Driven | None) -> None:
    """Is it resumed by hand, or by one that is told? Then it is a coroutine."""
    if outer is None:
        if how(frame.f_back) != DRIVES or _in_task(step, step.driven):
            return
        _starts.add(state.start)
    elif not outer.told:
        return
    _tell(state, step.task)


def _tell(state: Driven, parent: int) -> None:
    """Tell of the generator, and what it did before it was known to be a coroutine."""
    global _count
    if _count >= MOST:
        return
    _count += 1
    if state.ident >> 32 != first_records.pid:
        state.ident, state.pausing = fresh(), None
    state.told = True
    _live[state.ident] = ref(state)
    pausing, state.pausing = state.pausing, None
    if pausing is None:
        _introduce(state, parent)
        return
    began, (t, line, inner) = state.file | state.code.co_firstlineno, pausing
    this_thread.emit(wire.TASK_BEGAN, 0, began, state.ident, state.began)
    delegate = inner and inner()
    if delegate and not delegate.told and not delegate.over:
        _tell(delegate, state.ident)
    _introduce(state, parent)
    reason, text = (codes.TASK, str(delegate.ident)) if delegate else (codes.YIELD, "")
    this_thread.text(wire.TASK_PAUSED, reason, line, state.ident, t, text)


def _introduce(state: Driven, parent: int) -> None:
    code = state.code
    name = getattr(code, "co_qualname", code.co_name)
    begin = state.file | code.co_firstlineno
    this_thread.text(wire.TASK_NEW, 2, begin, state.ident, parent, "\0" + name)


# --- steps -------------------------------------------------------------------------------------


def _enter(state: Driven, step: Any, delegated: bool, frame: Any) -> None:
    """A step of it begins on this thread."""
    outer = step.driven
    state.under = outer
    state.before = before = step.task
    step.driven = state
    if delegated:
        state.outer = outer
        outer.inner = state.ident
        if not outer.told:
            outer.delegate = ref(state)
        if outer.running:
            step.emit(_PAUSE, codes.TASK, place(frame.f_back), outer.ident, state.ident)
            outer.running = False
    elif state.told and before:
        step.emit(_PAUSE, codes.TASK, place(frame.f_back), before, state.ident)
        if outer is not None and outer.ident == before:
            outer.running = False
    if state.told and not state.inner:
        _run(state, step)


def _run(state: Driven, step: Any) -> None:
    step.emit(_RUN, 0, 0, state.ident)
    step.task = state.ident
    state.running = True


def _leave(state: Driven) -> None:
    """The step is over: whoever made it goes on."""
    step = this_thread.step
    under, state.under = state.under, None
    outer, state.outer = state.outer, None
    if step.driven is state:
        step.driven = under
    before = state.before
    if not state.told or before >> 32 not in (0, first_records.pid):
        return
    step.task = before
    if before and outer is None:
        step.emit(_RUN, 0, 0, before)
        if under is not None and under.ident == before:
            under.running = True
