"""greenlet and gevent: each switch from a greenlet to another, by ``greenlet.settrace``.

A greenlet runs from the switch to it until the switch away from it, which is exact. gevent's hub is
the event loop itself and isn't reported. What waits in gevent's own queue isn't known here.
"""

from __future__ import annotations

import sys

from ..hooks.patching import builtin
from ..recording import codes, faults, objects, thread_state
from ..recording.objects import file_of, fresh, place
from ..recording.thread_state import this_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from app.timeline import wire
else:
    from ..recording import wire

#: Module of gevent in whose frames a greenlet waits → the reason. Compiled ones have no frames.
_WAITS = {
    "gevent._socket3": codes.SOCKET,
    "gevent._socketcommon": codes.SOCKET,
    "gevent.ssl": codes.SOCKET,
    "gevent.select": codes.POLL,
    "gevent.subprocess": codes.WAIT_CHILD,
    "gevent.threadpool": codes.FUTURE,
    "gevent.thread": codes.LOCK,
}
#: The same by class, if gevent's locks are used by the standard library.
_PATCHED = {**codes.by_class, "Thread": codes.JOIN}
#: Type of a greenlet → True if it is a hub.
_hubs: dict[Any, bool] = {}


class _Switches:
    """What is remembered of one thread between two switches."""

    __slots__ = ("base", "depths", "tracer")

    def __init__(self) -> None:
        self.base = 0  # the id of its first greenlet, or of the coroutine that this executes
        self.tracer: Any = None  # the program's own trace function
        self.depths: dict[Any, int] = {}  # suspended greenlet → the depth of its open wait


def patch_greenlet(module: Any) -> None:
    """Patch ``greenlet``: trace this thread and all later ones. The program keeps its tracer."""
    settrace = getattr(module, "settrace", None)
    if settrace is None:
        return
    begin = thread_state.ThisThread.__init__

    def __init__(self: Any) -> None:
        begin(self)
        _traced(self, settrace)

    thread_state.ThisThread.__init__ = __init__  # type: ignore[method-assign]
    _traced(this_thread, settrace)

    def make_settrace(original: Any) -> Callable[..., Any]:
        def settrace(callback: Any) -> Any:
            known = _switches(this_thread)
            before, known.tracer = known.tracer, callback
            original(_trace)
            return before

        return settrace

    def make_gettrace(original: Any) -> Callable[..., Any]:
        return lambda: _switches(this_thread).tracer

    for owner in (module, sys.modules.get("greenlet._greenlet")):
        builtin(owner, "settrace", make_settrace)
        builtin(owner, "gettrace", make_gettrace)


def patch_gevent(module: Any) -> None:
    """Patch ``gevent.greenlet``: a greenlet of gevent is reported when it is started."""
    module.Greenlet.add_spawn_callback(_spawned)


def _switches(local: Any) -> Any:
    try:
        return local.switches
    except AttributeError:
        known = local.switches = _Switches()
        return known


def _traced(local: Any, settrace: Any) -> None:
    known = _switches(local)
    before = settrace(_trace)
    if before is not _trace and before is not None:
        known.tracer = before


def _trace(event: str, args: Any) -> None:
    if event in ("switch", "throw"):
        try:
            _switched(event, *args)
        except Exception:
            faults.note("greenlet")
    tracer = this_thread.switches.tracer
    if tracer is not None:
        tracer(event, args)


def _switched(event: str, origin: Any, target: Any) -> None:
    local = this_thread
    step = local.step
    known = _switches(local)
    if origin.parent is None:
        # In a step of an asyncio task, it is the task that waits for the switch back.
        left = known.base = step.task or _ident(origin) or _introduce(origin, None, "main", 0)
    else:
        left = 0 if _is_hub(origin) else _ident(origin) or _introduce(origin, None, "", 0)
    if _is_hub(target):
        entered = 0
    elif target.parent is None:
        entered = known.base
    else:
        entered = _ident(target) or _introduce(target, origin.gr_frame, "", left)
        _name(target, entered)
    if left:
        if origin.dead:
            _report_done(origin, left, event)
        else:
            _report_pause(origin, left, entered)
    if local.depth:
        # The thread goes on with other work: from now on only the greenlet waits.
        local.emit(wire.LEAVE)
        known.depths[origin] = local.depth
    local.depth = known.depths.pop(target, 0)
    if entered:
        local.emit(wire.TASK_RUN, 0, 0, entered)
    step.task = entered


def _is_hub(greenlet: Any) -> bool:
    cls = greenlet.__class__
    found = _hubs.get(cls)
    if found is None:
        found = _hubs[cls] = any(
            base.__name__ == "Hub" and base.__module__ == "gevent.hub" for base in cls.__mro__
        )
    return found


def _ident(greenlet: Any) -> int:
    """Return its id; 0 if it has none, or only one of the process that has forked this one."""
    ident: int = greenlet.__dict__.get("_timeslice", 0)
    return 0 if (ident ^ objects.base()) >> 32 else ident


def _introduce(greenlet: Any, frame: Any, name: str, parent: int) -> int:
    ident = greenlet.__dict__["_timeslice"] = fresh()
    line = place(frame)
    # Without gevent there is no event loop that a long step could block.
    alone = int("gevent.hub" not in sys.modules)
    name = name or _given_name(greenlet)
    this_thread.text(
        wire.TASK_NEW, alone, line, ident, parent, "%s\0%s" % (name, _function(greenlet))
    )
    if name == "main":
        this_thread.emit(wire.TASK_RUN, 0, 0, ident)
    return ident


def _spawned(greenlet: Any) -> None:
    """Report a greenlet of gevent, which calls this in ``start`` and ``start_later``."""
    try:
        if not _ident(greenlet):
            _introduce(greenlet, sys._getframe(1), "", this_thread.step.task)
    except Exception:
        faults.note("gevent")


def _given_name(greenlet: Any) -> str:
    """Return the name that the program has given. gevent would make one up if it were asked."""
    return str(greenlet.__dict__.get("name", ""))


def _function(greenlet: Any) -> str:
    """Return the name of its function. A greenlet without gevent forgets it when it starts."""
    run = getattr(greenlet, "_run", None) or getattr(greenlet, "run", None)
    run = getattr(run, "func", run)  # of functools.partial
    return getattr(run, "__qualname__", "")


def _name(greenlet: Any, ident: int) -> None:
    """Report the name again if it was given between the start and the first switch."""
    known = greenlet.__dict__
    name = known.get("name")
    if name is not None and known.get("_timeslice_name") != name:
        known["_timeslice_name"] = name
        this_thread.text(wire.TASK_NEW, 0, 0, ident, 0, "%s\0%s" % (name, _function(greenlet)))


def _report_done(greenlet: Any, ident: int, event: str) -> None:
    error = getattr(greenlet, "exception", None)
    if error is not None:
        this_thread.text(wire.TASK_DONE, wire.RAISED, 0, ident, 0, type(error).__name__)
    elif type(getattr(greenlet, "value", None)).__name__ == "GreenletExit":
        this_thread.emit(wire.TASK_DONE, wire.CANCELLED, 0, ident)
    else:
        # Without gevent an exception is on its way to the parent, and its type isn't known.
        this_thread.emit(wire.TASK_DONE, int(event == "throw"), 0, ident)


def _report_pause(greenlet: Any, ident: int, entered: int) -> None:
    frame = greenlet.gr_frame
    line = place(frame)
    if "_timeslice_reported" not in greenlet.__dict__ and greenlet.parent is not None:
        greenlet.__dict__["_timeslice_reported"] = True
        if not _function(greenlet):
            _report_function(frame, ident)
    if entered:
        this_thread.emit(wire.TASK_PAUSE, codes.TASK, line, ident, entered)
        return
    reason = 0
    while frame is not None and not file_of(frame.f_code.co_filename):
        reason = _reason(frame) or reason  # the outermost counts: the program has called it
        if reason == codes.SLEEP and not frame.f_locals.get("seconds", 1) > 0:
            this_thread.emit(wire.TASK_READY, 0, 0, ident)  # it lets the others run, and no more
        frame = frame.f_back
    this_thread.emit(wire.TASK_PAUSE, reason, line, ident)


def _reason(frame: Any) -> int:
    """Return why a frame of gevent or of the standard library on gevent waits; 0: it doesn't."""
    name = frame.f_code.co_name
    module = frame.f_globals.get("__name__")
    if module == "gevent.hub":
        return codes.SLEEP if name == "sleep" else 0
    if module in ("threading", "queue"):
        cls = type(frame.f_locals.get("self")).__name__
        return _PATCHED.get(cls, 0) if name in ("wait", "join", "acquire", "get", "put") else 0
    return _WAITS.get(module, 0)


def _report_function(frame: Any, ident: int) -> None:
    """Report the function of a greenlet without gevent: it is that of its outermost frame."""
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    if frame is not None:
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        this_thread.text(wire.TASK_NEW, 0, 0, ident, 0, "\0" + name)
