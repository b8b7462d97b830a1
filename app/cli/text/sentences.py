"""Sentences about what was found, in the language of the terminal."""

from __future__ import annotations

from app.cli.text.loops import loop_blocked
from app.cli.text.names import line_name, seconds, track_name
from app.locale.terminal import _, current
from app.timeline import endings
from app.timeline.limits import limit_reached
from app.timeline.model import Finding, Track, Wait
from app.timeline.states import ObjectKind
from app.timeline.timeline import Timeline

#: Kinds of objects that have a holder.
_HELD = frozenset({ObjectKind.LOCK, ObjectKind.RLOCK, ObjectKind.CONDITION, ObjectKind.SEMAPHORE})


def finding(item: Finding, timeline: Timeline) -> str:
    """The finding as a sentence; a kind of a newer version is printed with its facts."""
    facts = item.facts
    match item.kind:
        case "deadlock":
            parts = [_wait(wait, timeline) for wait in item.cycle]
            return _("Deadlock at {time}: {cycle}. None of them can go on.").format(
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
            reached = limit_reached(str(facts.get("name", "?")), int(facts.get("value", 0)))
            return reached.of(current())
    return f"{item.kind}: {facts}"


def _wait(wait: Wait, timeline: Timeline) -> str:
    obj = timeline.objects.get(wait.object)
    if not wait.line:  # a thread that runs its loop for a coroutine
        return _("{track} waits for {holder}").format(
            track=track_name(wait.track, timeline), holder=track_name(wait.holder, timeline)
        )
    if obj is None or obj.kind not in _HELD:  # a coroutine, a result, or another's end
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
        object=obj.name,
        holder=track_name(wait.holder, timeline),
        since=seconds(wait.held_since_ns),
    )


def ending(track: Track, timeline: Timeline) -> str:
    """How ``track`` ended, in a few words; empty while it lives."""
    if track.end is None:
        return ""
    sender = track_name(track.end.sender, timeline) if track.end.sender else ""
    return endings.ending(track.end, sender).of(current())
