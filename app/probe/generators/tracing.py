"""The steps of generators, by a trace function (CPython before 3.12).

It traces the frames of the program's generators alone, and of these no lines. A trace function that
the program sets itself replaces it.
"""

from __future__ import annotations

import sys

from ..hooks.patching import builtin
from ..recording import faults
from ..recording.thread_state import this_thread
from . import driven
from .driven import (
    GENERATOR,
    Driven,
    ended,
    failed,
    is_own,
    judged,
    resumed,
    started,
    suspended,
    thrown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def begin() -> None:
    """Trace this thread and those that ``threading`` starts, until the program traces itself."""
    import opcode

    _opcodes.update(opcode.opmap)
    settrace, gettrace = sys.settrace, sys.gettrace
    threading = sys.modules.get("threading")
    if threading is not None:
        patch_threading(threading)

    def make_settrace(original: Any) -> Callable[..., Any]:
        def call(function: Any) -> None:
            if function is not _trace and gettrace() is _trace:
                driven.lose()
            original(function)

        return call

    def make_gettrace(original: Any) -> Callable[..., Any]:
        def call() -> Any:
            function = original()
            return None if function is _trace else function

        return call

    builtin(sys, "settrace", make_settrace)
    builtin(sys, "gettrace", make_gettrace)
    if gettrace() is None:
        settrace(_trace)


def patch_threading(module: Any) -> None:
    """Trace the threads that begin from now on, too."""
    if module._trace_hook is None:
        module.settrace(_trace)


def _trace(frame: Any, event: str, arg: Any) -> Any:
    """The trace function: a function is called, or a generator is resumed."""
    if not frame.f_code.co_flags & GENERATOR:
        return None
    try:
        state = frame.f_trace
        known = state.__class__ is Driven
        if not known and not (_is_first(frame) and is_own(frame.f_code)):
            return None
        if _unsure:
            settle(this_thread.step.driven)
        if known:
            if driven.ending:
                state.reported = (
                    False  # it may be the interpreter that closes it, which isn't reported
                )
            sure = state.reported or _goes_on(frame)
            resumed(state, frame, sure)
            if not sure:
                _unsure[id(state)] = frame
        else:
            state, sure = started(frame), True
        if state is not None:
            frame.f_trace_lines = not sure
            state.heard = frame.f_lasti, None
        return state
    except Exception:
        faults.note("a generator's step")
        return None


def _hear(state: Any, frame: Any, event: str, arg: Any) -> Any:
    """The trace function of a generator that was started by hand: it raises, returns or yields.

    ``state.heard`` is the instruction at which its step began or it last raised, and the exception.
    """
    try:
        at, error = state.heard
        if event == "exception":
            if error is None and at == frame.f_lasti:  # nothing was executed before
                thrown(state, arg[0])
            state.heard = frame.f_lasti, arg[0]
            frame.f_trace_lines = True  # the next line shows if the exception was caught
        elif event == "line":
            state.heard = -1, error
            frame.f_trace_lines = False
        if _unsure:
            settle(state)
        if event == "return":
            frame.f_trace_lines = True  # as before, for another trace function
            within = error is None or at != frame.f_lasti
            stands = _stands_at(frame)
            if stands == _YIELDS and within:
                suspended(state, frame)
            elif stands == _RETURNS and within:
                ended(state, driven.RETURNED)
            else:
                failed(state, error or Exception)
    except Exception:
        faults.note("a generator's step")
    return state


#: By id() of their ``Driven``, the frames of generators that aren't reported yet and are resumed
#: either normally or with an exception: before CPython 3.11 only the next event shows which.
_unsure: dict[int, Any] = {}


def settle(state: Any) -> None:
    """Judge the step that has begun, now that an event shows what it is."""
    frame = _unsure.pop(id(state), None)
    if frame is not None and not state.closing:
        judged(state, frame)


_YIELDS, _RETURNS = 1, 2
_opcodes: dict[str, int] = {}


def _stands_at(frame: Any) -> int:
    """Return ``_YIELDS`` or ``_RETURNS`` by the frame's last instruction; 0 if it is another."""
    code, at = frame.f_code.co_code, frame.f_lasti
    if code[at] == _opcodes["RETURN_VALUE"]:
        return _RETURNS
    # Before CPython 3.11 the frame of a generator that delegates stands before the instruction.
    after = code[at + 2] if at + 2 < len(code) else 0
    if code[at] == _opcodes["YIELD_VALUE"] or _opcodes.get("YIELD_FROM") in (code[at], after):
        return _YIELDS
    return 0


def _goes_on(frame: Any) -> bool:
    """True if the step that begins certainly has no exception thrown into it."""
    return bool(frame.f_code.co_code[frame.f_lasti] == _opcodes.get("RESUME"))


def _is_first(frame: Any) -> bool:
    """True if this is the first step of a generator."""
    at = frame.f_lasti
    if at < 0:
        return True
    code = frame.f_code.co_code
    return bool(code[at] == _opcodes.get("RESUME") and code[at + 1] == 0)


Driven.hear = _hear
