"""The steps of generators, by ``sys.monitoring`` (CPython 3.12 and later, PEP 669).

Each generator function of the program reports its first steps alone, until a generator of it is
driven by hand.
"""

from __future__ import annotations

import sys

from ..recording import faults
from ..recording.objects import file_of
from . import driven
from .driven import (
    GENERATOR,
    Driven,
    ended,
    failed,
    is_own,
    resumed,
    started,
    suspended,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_getframe = sys._getframe
_monitoring: Any = getattr(sys, "monitoring", None)
_close = type(_ for _ in ()).close
_tool: Any = None
#: By id(), code objects that report every step; the others report first steps alone.
_watched: set[int] = set()
#: Since CPython 3.13 ``close()`` of a generator executes nothing of it outside of a ``try``.
_CLOSES_SILENTLY = sys.version_info >= (3, 13)
#: Code objects that may call ``close()``.
_closers: list[Any] = []
#: By id(), generators whose ``close()`` is under way → their ``Driven``.
_closing: dict[int, Any] = {}


def _hear_of(code: Any, events: int) -> None:
    known = _monitoring.get_local_events(_tool, code)
    _monitoring.set_local_events(_tool, code, known | events)


def begin() -> bool:
    """Begin to listen under a tool id that no tool has; return False if there is none.

    Debuggers, coverage tools and profilers have ids of their own.
    """
    global _tool
    for tool in (4, 3):
        if _monitoring.get_tool(tool) is None:
            _monitoring.use_tool_id(tool, "timeslice")
            _tool = tool
            break
    else:
        return False
    for name, callback in (
        ("PY_START", _on_start),
        ("PY_RESUME", _on_resume),
        ("PY_YIELD", _on_yield),
        ("PY_RETURN", _on_return),
        ("PY_THROW", _on_throw),
        ("PY_UNWIND", _on_unwind),
        ("CALL", _on_call),
        ("C_RETURN", _on_called),
        ("C_RAISE", _on_called),
    ):
        _monitoring.register_callback(_tool, getattr(_monitoring.events, name), callback)
    return True


def learn(code: Any) -> None:
    """Listen to the generators in this code: a module of the program, or a part of one."""
    if is_own(code):
        _hear_of(code, _monitoring.events.PY_START)
    if _CLOSES_SILENTLY and "close" in code.co_names:
        _closers.append(code)
        if _watched:
            _hear_of(code, _monitoring.events.CALL)
    for each in code.co_consts:
        if each.__class__ is code.__class__:
            learn(each)


def expect_main() -> None:
    """``learn`` the main module's code as soon as it is executed."""
    events = _monitoring.events
    _monitoring.set_events(_tool, _monitoring.get_events(_tool) | events.PY_START)


def _watch(code: Any) -> None:
    events = _monitoring.events
    if not _watched:
        # These two events can only be asked for of all code.
        every = events.PY_THROW | events.PY_UNWIND
        _monitoring.set_events(_tool, _monitoring.get_events(_tool) | every)
        for closer in _closers:
            _hear_of(closer, events.CALL)
    _watched.add(id(code))
    _hear_of(code, events.PY_RESUME | events.PY_YIELD | events.PY_RETURN)


def _on_start(code: Any, offset: int) -> Any:
    try:
        if not code.co_flags & GENERATOR:
            return _on_module(code)
        if started(_getframe(1)) is not None and id(code) not in _watched:
            _watch(code)
    except Exception:
        faults.note("a generator's start")
    return None


def _on_module(code: Any) -> Any:
    """``learn`` this code if it is the main module that is expected."""
    if code.co_name == "<module>" and file_of(code.co_filename):
        events = _monitoring.get_events(_tool) & ~_monitoring.events.PY_START
        _monitoring.set_events(_tool, events)
        learn(code)
    return _monitoring.DISABLE


def _on_resume(code: Any, offset: int) -> None:
    try:
        frame = _getframe(1)
        state = frame.f_trace
        if state.__class__ is Driven:
            resumed(state, frame)
    except Exception:
        faults.note("a generator's step")


def _on_yield(code: Any, offset: int, value: Any) -> None:
    try:
        frame = _getframe(1)
        state = frame.f_trace
        if state.__class__ is Driven:
            suspended(state, frame)
    except Exception:
        faults.note("a generator's yield")


def _on_return(code: Any, offset: int, value: Any) -> None:
    try:
        state = _getframe(1).f_trace
        if state.__class__ is Driven:
            ended(state, driven.RETURNED)
    except Exception:
        faults.note("a generator's return")


def _on_throw(code: Any, offset: int, error: Any) -> None:
    if code.co_flags & GENERATOR:
        try:
            frame = _getframe(1)
            state = frame.f_trace
            if state.__class__ is Driven:
                resumed(state, frame, True, error)
        except Exception:
            faults.note("what is thrown into a generator")


def _on_unwind(code: Any, offset: int, error: Any) -> None:
    if code.co_flags & GENERATOR:
        try:
            state = _getframe(1).f_trace
            if state.__class__ is Driven:
                failed(state, type(error))
        except Exception:
            faults.note("a generator's exception")


def _on_call(code: Any, offset: int, function: Any, first: Any) -> Any:
    try:
        if function is _close:
            frame = first.gi_frame
            state = None if frame is None else frame.f_trace
            if state.__class__ is Driven:
                _closing[id(first)] = state
        elif getattr(function, "__name__", "") != "close":
            return _monitoring.DISABLE
    except Exception:
        faults.note("a generator's close()")
    return None


def _on_called(code: Any, offset: int, function: Any, first: Any) -> None:
    if function is _close:
        state = _closing.pop(id(first), None)
        if state is not None and not state.over and first.gi_frame is None:
            driven.closed(state)
