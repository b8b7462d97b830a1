"""Sentences about an event loop that was blocked by one step of a coroutine."""

from __future__ import annotations

from typing import Any

from app.cli.text.names import line_name, seconds, task_name, track_name
from app.locale.terminal import _
from app.timeline.timeline import Timeline

#: Shorter parts of a step's time are left out: they explain nothing.
LEAST_NS = 50_000


def loop_blocked(facts: dict[str, Any], timeline: Timeline) -> str:
    """Which coroutine blocked the loop, by what, and where the time of that step went."""
    told = "ran_ns" in facts
    own_ns = facts["ran_ns"] + facts["blocked_ns"] + facts["gil_ns"] if told else None
    values = {
        "track": track_name(facts.get("track", 0), timeline),
        "task": task_name(facts.get("task", 0), timeline),
        "duration": seconds(facts.get("duration_ns", 0) if own_ns is None else own_ns),
        "line": line_name(facts.get("seen_line") or facts.get("line"), timeline),
        "holder": track_name(facts.get("holder", 0), timeline),
    }
    return " ".join(filter(None, [_sentence(facts, told).format(**values), _shares(facts)]))


def _sentence(facts: dict[str, Any], told: bool) -> str:
    if facts.get("reason") == "gil":
        if not facts.get("holder"):
            return _(
                "The event loop of {track} was blocked for {duration} by {task}, which waited for "
                "the GIL."
            )
        return _(
            "The event loop of {track} was blocked for {duration} by {task}, which waited for the "
            "GIL that {holder} held."
        )
    if facts.get("reason") == "none" and told:
        if facts.get("seen_line"):
            return _(
                "The event loop of {track} was blocked for {duration} by {task}, which computed, "
                "seen at line {line}."
            )
        if facts.get("line"):
            return _(
                "The event loop of {track} was blocked for {duration} by {task}, which computed "
                "before it gave way at line {line}."
            )
        return _("The event loop of {track} was blocked for {duration} by {task}, which computed.")
    if not facts.get("line"):
        return _("The event loop of {track} was blocked for {duration} by {task}.")
    return _("The event loop of {track} was blocked for {duration} by {task}, line {line}.")


def _shares(facts: dict[str, Any]) -> str:
    """Where the step's time went, if to more than one thing."""
    named = [
        (_("ran {time}"), facts.get("ran_ns", 0)),
        (_("was blocked {time}"), facts.get("blocked_ns", 0)),
        (_("waited for the GIL {time}"), facts.get("gil_ns", 0)),
        (_("had no CPU {time}, which is not counted"), facts.get("ready_ns", 0)),
    ]
    parts = [text.format(time=seconds(ns)) for text, ns in named if ns >= LEAST_NS]
    if len(parts) < 2:
        return ""
    return _("Its thread: {list}.").format(list=_(", ").join(parts))
