"""Sentences made from facts: findings, endings, limits. English keys, Chinese in cli.po."""

from __future__ import annotations

from app.cli.text.loops import loop_blocked
from app.cli.text.names import limit_name, line_name, seconds, track_name
from app.locale.terminal import _
from app.timeline.model import Ending, Finding, Track, Wait
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
            return loop_blocked(facts, timeline)
        case "never-awaited":
            return _("The coroutine {name}, made in line {line}, was never awaited.").format(
                name=facts.get("name", "?"), line=line_name(facts.get("line"), timeline)
            )
        case "competed":
            share = facts["unserved_ns"] / (facts["running_ns"] + facts["ready_ns"])
            return _(
                "This run competed for CPUs: for {share} of the time in which its threads could "
                "have run, they waited for a CPU that no thread of this run had. Something else "
                "had it: other programs, or a limit of CPU time."
            ).format(share=f"{100 * share:.0f} %")
        case "limit":
            return limit(str(facts.get("name", "?")), int(facts.get("value", 0)))
    return f"{item.kind}: {facts}"


def _wait(wait: Wait, timeline: Timeline) -> str:
    thing = timeline.things.get(wait.object)
    if not wait.line:  # a thread that runs its loop for a coroutine
        return _("{track} waits for {holder}").format(
            track=track_name(wait.track, timeline), holder=track_name(wait.holder, timeline)
        )
    if thing is None or thing.kind not in _HELD:  # a coroutine, a result, or another's end
        return _("{track} waits in line {line} for {holder}").format(
            track=track_name(wait.track, timeline),
            line=line_name(wait.line, timeline),
            holder=track_name(wait.holder, timeline),
        )
    return _(
        "{track} waits in line {line} for {object}, which {holder} has held since {since}"
    ).format(
        track=track_name(wait.track, timeline),
        line=line_name(wait.line, timeline),
        object=thing.name,
        holder=track_name(wait.holder, timeline),
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
        case Cause.STOPPED:
            return _("stopped with the run ({signal})").format(signal=end.signal or "?")
        case Cause.LIMIT:
            return _("ended with the run at its limit of {limit} ({signal})").format(
                limit=limit_name(end.limit or "?"), signal=end.signal or "?"
            )
    return _("unknown")


def _signal(end: Ending, timeline: Timeline) -> str:
    signal = end.signal or "?"
    if end.sender is None:
        return _("ended by {signal}").format(signal=signal)
    if not end.sender:
        return _("ended by {signal} from outside the run").format(signal=signal)
    sender = track_name(end.sender, timeline)
    return _("ended by {signal} from {sender}").format(signal=signal, sender=sender)
