"""The steps of generators by a trace function (CPython before 3.12).

All frames but those of the program's generators are left alone at once, and of these no lines are
asked for. A program that sets a trace function of its own has that one alone.
"""

from __future__ import annotations

import sys

from ..hooks.patching import builtin
from ..recording import faults
from ..recording.ring import this_thread
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
    """Trace this thread and those that ``threading`` starts, until the program wants to."""
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
    """Threads that begin later are traced too, where this process has generators to trace."""
    if module._trace_hook is None:
        module.settrace(_trace)


def _trace(frame: Any, event: str, arg: Any) -> Any:
    """A function is called, or a generator goes on."""
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
                state.told = False  # its closing by the interpreter is not known for one yet
            sure = state.told or _goes_on(frame)
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
    """A frame whose generator was started by hand raises, returns or yields.

    ``heard`` is where it stood when its step began or when it last raised, and what it raised.
    """
    try:
        at, error = state.heard
        if event == "exception":
            if error is None and at == frame.f_lasti:  # nothing was executed before
                thrown(state, arg[0])
            state.heard = frame.f_lasti, arg[0]
            frame.f_trace_lines = True  # a next line shows that it was caught, or that it passes
        elif event == "line":
            state.heard = -1, error
            frame.f_trace_lines = False
        if _unsure:
            settle(state)
        if event == "return":
            frame.f_trace_lines = True  # as it was: another trace function may come
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


#: Frames of generators that are not told, and go on or have an exception thrown into them: before
#: CPython 3.11 that is seen by the next event alone.
_unsure: dict[int, Any] = {}


def settle(state: Any) -> None:
    """What the step that has begun is, is known now: perhaps it makes the generator a coroutine."""
    frame = _unsure.pop(id(state), None)
    if frame is not None and not state.closing:
        judged(state, frame)


_YIELDS, _RETURNS = 1, 2
_opcodes: dict[str, int] = {}


def _stands_at(frame: Any) -> int:
    """Whether the frame's last instruction is a yield or a return."""
    code, at = frame.f_code.co_code, frame.f_lasti
    if code[at] == _opcodes["RETURN_VALUE"]:
        return _RETURNS
    # Before CPython 3.11 a frame that delegates stands before the instruction.
    after = code[at + 2] if at + 2 < len(code) else 0
    if code[at] == _opcodes["YIELD_VALUE"] or _opcodes.get("YIELD_FROM") in (code[at], after):
        return _YIELDS
    return 0


def _goes_on(frame: Any) -> bool:
    """Whether the step that begins is certainly none with an exception thrown into it."""
    return bool(frame.f_code.co_code[frame.f_lasti] == _opcodes.get("RESUME"))


def _is_first(frame: Any) -> bool:
    """Whether this is the first step of a generator."""
    at = frame.f_lasti
    if at < 0:
        return True
    code = frame.f_code.co_code
    return bool(code[at] == _opcodes.get("RESUME") and code[at + 1] == 0)


Driven.hear = _hear
