"""Sentences made from facts: findings, endings, limits. English keys, Chinese in cli.po."""

from __future__ import annotations

from app.text.language import _
from app.timeline.model import Ending, Finding, Track, Wait
from app.timeline.places import spelled
from app.timeline.states import Cause, ObjectKind
from app.timeline.timeline import Timeline

#: What can be said to be held.
_HELD = frozenset({ObjectKind.LOCK, ObjectKind.RLOCK, ObjectKind.CONDITION, ObjectKind.SEMAPHORE})


def finding(item: Finding, timeline: Timeline) -> str:
    """What was found, by name. A kind of a newer version is named with its facts."""
    facts = item.facts
    match item.kind:
        case "deadlock":
            parts = [_wait(wait, timeline) for wait in item.cycle]
            return _("Deadlock at {time}: {cycle}. Nobody in the circle can go on.").format(
                time=seconds(item.start_ns), cycle=_("; ").join(parts)
            )
        case "loop-blocked":
            return _(
                "The event loop of {track} was blocked for {duration} by {task}, line {line}."
            ).format(
                track=_track_name(facts.get("track", 0), timeline),
                duration=seconds(facts.get("duration_ns", 0)),
                task=_task_name(facts.get("task", 0), timeline),
                line=_line(facts.get("line"), timeline),
            )
        case "never-awaited":
            return _("The coroutine {name}, made in line {line}, was never awaited.").format(
                name=facts.get("name", "?"), line=_line(facts.get("line"), timeline)
            )
        case "limit":
            return limit(str(facts.get("name", "?")), int(facts.get("value", 0)))
    return f"{item.kind}: {facts}"


def _wait(wait: Wait, timeline: Timeline) -> str:
    thing = timeline.things.get(wait.object)
    if not wait.line:  # a thread that runs its loop for a coroutine
        return _("{track} waits for {holder}").format(
            track=_track_name(wait.track, timeline), holder=_track_name(wait.holder, timeline)
        )
    if thing is None or thing.kind not in _HELD:  # a coroutine, a result, or another's end
        return _("{track} waits in line {line} for {holder}").format(
            track=_track_name(wait.track, timeline),
            line=_line(wait.line, timeline),
            holder=_track_name(wait.holder, timeline),
        )
    return _(
        "{track} waits in line {line} for {object}, which {holder} has held since {since}"
    ).format(
        track=_track_name(wait.track, timeline),
        line=_line(wait.line, timeline),
        object=thing.name,
        holder=_track_name(wait.holder, timeline),
        since=seconds(wait.held_since_ns),
    )


def limit(name: str, value: int) -> str:
    """Why the worker stopped the run; ``value`` in ms, bytes or a count, as in records.Limit."""
    match name:
        case "wall":
            return _("Stopped: the run reached its limit of {seconds} s.").format(
                seconds=f"{value / 1000:g}"
            )
        case "cpu":
            return _("Stopped: the program used its {seconds} s of CPU time.").format(
                seconds=f"{value / 1000:g}"
            )
        case "memory":
            return _("Stopped: the program took more than its {size} MiB of memory.").format(
                size=value >> 20
            )
        case "processes":
            return _("Stopped: the program made more than {count} processes and threads.").format(
                count=value
            )
        case "output":
            return _("Stopped: the program wrote more than {size} KiB of output.").format(
                size=value >> 10
            )
        case "disk":
            return _(
                "Stopped: the program put more than {size} MiB of files into the run's folders."
            ).format(size=value >> 20)
        case "stopped":
            return _("Stopped on request.")
    return _("Stopped: limit {name} ({value}).").format(name=name, value=value)


def ending(track: Track, timeline: Timeline) -> str:
    """How ``track`` ended, in a few words; empty while it lives."""
    end = track.end
    if end is None:
        return ""
    match end.cause:
        case Cause.RETURNED:
            return _("returned") if not end.code else _("exit {code}").format(code=end.code)
        case Cause.RAISED:
            return _("raised {exception}").format(exception=end.exception or "?")
        case Cause.EXIT:
            return _("exit {code}").format(code=0 if end.code is None else end.code)
        case Cause.SIGNAL:
            return _signal(end, timeline)
        case Cause.DAEMON:
            return _("daemon, ended by its parent at its end ({signal})").format(
                signal=end.signal or "?"
            )
        case Cause.WITH_PROCESS:
            return _("vanished with its process")
        case Cause.CANCELLED:
            return _("cancelled")
        case Cause.NEVER_AWAITED:
            return _("never awaited")
    return _("unknown")


def _signal(end: Ending, timeline: Timeline) -> str:
    signal = end.signal or "?"
    if end.sender is None:
        return _("ended by {signal}").format(signal=signal)
    if not end.sender:
        return _("ended by {signal} from outside the run").format(signal=signal)
    sender = _track_name(end.sender, timeline)
    return _("ended by {signal} from {sender}").format(signal=signal, sender=sender)


def seconds(ns: int) -> str:
    """A duration in the unit its reader thinks in."""
    if ns >= 1_000_000_000:
        return f"{ns / 1e9:.3f} s"
    if ns >= 1_000_000:
        return f"{ns / 1e6:.1f} ms"
    return f"{ns / 1e3:.0f} µs"


def _line(place: object, timeline: Timeline) -> str:
    return spelled(place, timeline.files) if isinstance(place, int) and place else "?"


def _track_name(track: int, timeline: Timeline) -> str:
    found = timeline.tracks.get(track)
    return found.name if found else "?"


def _task_name(task: object, timeline: Timeline) -> str:
    """A fact names a task by its track's id, or by its own name where it has no track."""
    if isinstance(task, int):
        return _track_name(task, timeline)
    return str(task)
