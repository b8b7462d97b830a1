"""Builds small timelines by hand, in milliseconds, for the tests of claims.

::

    b = Build()
    main = b.process("program.py", 0, 100)
    child = b.process("child", 5, 60, parent=main)
    b.rows(child, "running 5 20, blocked:sleep 20 60")
    b.say(child, 6, "hello")
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from app.catalogue import Scenario
from app.catalogue.parameters import Parameters
from app.timeline.model import (
    NO_CPU,
    OPEN,
    Ending,
    Finding,
    Flow,
    ObjectRow,
    Output,
    Slice,
    Stats,
    Track,
    Wait,
)
from app.timeline.states import Cause, Evidence, FlowKind, ObjectKind, Reason, State, TrackKind
from app.timeline.timeline import Timeline

MS = 1_000_000


class Build:
    """A timeline in the making; ``timeline`` is it. Times are milliseconds, ids are returned."""

    def __init__(self, scheduler: str = "perf", python: str = "CPython 3.11.7") -> None:
        self.timeline = Timeline()
        self.timeline.run = {
            "python": python,
            "witnesses": {"scheduler": scheduler, "probe": True},
        }
        self.timeline.state = "ended"
        self.python = python
        self._ids = count(1)

    def process(self, name: str, start: float, end: float, **details: Any) -> int:
        return self._track(TrackKind.PROCESS, name, start, end, **details)

    def thread(self, name: str, start: float, end: float, **details: Any) -> int:
        return self._track(TrackKind.THREAD, name, start, end, **details)

    def task(self, name: str, start: float, end: float, **details: Any) -> int:
        return self._track(TrackKind.COROUTINE, name, start, end, **details)

    def outside(self, name: str, start: float, end: float) -> int:
        """A server that is none of the program's processes."""
        return self._track(TrackKind.EXTERNAL, name, start, end)

    def _track(
        self,
        kind: TrackKind,
        name: str,
        start: float,
        end: float,
        *,
        parent: int = 0,
        cause: Cause = Cause.RETURNED,
        signal: str | None = None,
        pid: int | None = None,
        daemon: bool = False,
    ) -> int:
        track = next(self._ids)
        self.timeline.tracks[track] = Track(
            id=track,
            kind=kind,
            name=name,
            pid=pid if pid is not None else 1000 + track,
            tid=1000 + track,
            parent=parent,
            daemon=daemon,
            start_ns=int(start * MS),
            end_ns=int(end * MS),
            end=Ending(cause, signal=signal),
            python=self.python if kind is TrackKind.PROCESS else None,
        )
        self.timeline.now_ns = max(self.timeline.now_ns, int(end * MS))
        return track

    def rows(
        self, track: int, text: str, *, cpu: int = NO_CPU, thing: int = 0, holder: int = 0
    ) -> None:
        """Rows such as ``running 0 10, blocked:lock 10 20``; the last three go with each."""
        for item in text.split(","):
            what, start, end = item.split()
            state, _, reason = what.partition(":")
            self.timeline.slices.setdefault(track, []).append(
                Slice(
                    track=track,
                    start_ns=int(float(start) * MS),
                    end_ns=int(float(end) * MS),
                    state=State.from_word(state),
                    reason=Reason.from_word(reason) if reason else Reason.NONE,
                    object=thing,
                    holder=holder,
                    cpu=cpu,
                    evidence=Evidence.KERNEL,
                )
            )

    def thing(self, name: str, kind: ObjectKind = ObjectKind.LOCK) -> int:
        thing = next(self._ids)
        self.timeline.objects[thing] = ObjectRow(thing, kind, name, track=1, line=1)
        return thing

    def say(self, track: int, at: float, text: str) -> None:
        self.timeline.output.append(Output(track, int(at * MS), "stdout", text + "\n"))

    def flow(self, kind: FlowKind, source: int, sent: float, target: int, came: float) -> None:
        self.timeline.flows.append(Flow(kind, source, int(sent * MS), target, int(came * MS)))

    def stats(self, track: int, voluntary: int, involuntary: int) -> None:
        self.timeline.stats[track] = Stats(track, voluntary=voluntary, involuntary=involuntary)

    def finding(
        self,
        kind: str,
        start: float,
        end: float | None = None,
        cycle: tuple[Wait, ...] = (),
        **facts: Any,
    ) -> None:
        self.timeline.findings[kind] = Finding(
            id=kind,
            kind=kind,
            start_ns=int(start * MS),
            end_ns=OPEN if end is None else int(end * MS),
            cycle=list(cycle),
            facts=facts,
        )


def need_packages(scenario: Scenario[Any], program: str) -> None:
    """Skips the test, by name, where this program of the scenario lacks a package."""
    missing = [
        name
        for name in scenario.missing()
        if re.search(rf"^ *(import|from) {name}\b", program, re.M)
    ]
    if missing:
        pytest.skip(f"{scenario.slug} needs {', '.join(missing)}, see its page")


def need_servers(scenario: Scenario[Any], params: Parameters) -> None:
    """Skips the test, by name, where something that these settings need does not answer."""
    for item in scenario.fields():
        why = item.obstacle(getattr(params, item.name)) if item.obstacle else None
        if why is not None:
            pytest.skip(why.en)


Builder = Callable[[Build], None]
Register = Callable[[Builder], Builder]


@dataclass(frozen=True)
class Case:
    """A timeline and what one claim must say to it."""

    slug: str
    claim: str
    verdict: str
    params: dict[str, Any]
    build: Builder
    scheduler: str
    python: str

    @property
    def id(self) -> str:
        return f"{self.slug}-{self.claim}-{self.verdict}-{self.build.__name__}"


CASES: list[Case] = []
#: Slug, settings, and what the program then prints when it runs alone, as regular expressions: its
#: output, and what it says on stderr ("": nothing).
ALONE: list[tuple[str, dict[str, Any], str, str]] = []
#: Slug, settings, and a claim that such a run through the real pipeline can always tell.
VARIANTS: list[tuple[str, dict[str, Any], str]] = []


class Cases:
    """The cases of one scenario; ``slug`` is its name."""

    def __init__(self, slug: str) -> None:
        self.slug = slug

    def _add(
        self,
        verdict: str,
        claim: str,
        scheduler: str = "perf",
        python: str = "CPython 3.11.7",
        **params: Any,
    ) -> Register:
        def register(build: Builder) -> Builder:
            CASES.append(Case(self.slug, claim, verdict, params, build, scheduler, python))
            return build

        return register

    def holds(self, claim: str, **details: Any) -> Register:
        """Marks a function that builds a timeline on which ``claim`` holds."""
        return self._add("holds", claim, **details)

    def fails(self, claim: str, **details: Any) -> Register:
        return self._add("fails", claim, **details)

    def not_seen(self, claim: str, **details: Any) -> Register:
        return self._add("not-seen", claim, **details)

    def alone(self, expected: str, complaint: str = "", **settings: Any) -> None:
        """The program, run by plain Python with ``settings``, prints what ``expected`` finds.

        Where the lesson is an error that nobody catches, ``complaint`` finds it on stderr.
        """
        ALONE.append((self.slug, settings, expected, complaint))

    def variant(self, claim: str, **settings: Any) -> None:
        """A real run with ``settings`` ends with no claim failed, and ``claim`` holds.

        ``make test-catalogue`` runs it; ``make test`` runs each scenario as it stands.
        """
        VARIANTS.append((self.slug, settings, claim))
