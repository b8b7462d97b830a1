"""Paths through the catalogue: orders of scenarios for a course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.locale.text import Text


@dataclass(frozen=True)
class Step:
    """One scenario, with settings other than the defaults if any; it asks the first question."""

    slug: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Path:
    id: str
    title: Text
    summary: Text
    steps: tuple[Step, ...]


PATHS = (
    Path(
        "first-course",
        Text(en="A first course", zh="入门课程"),
        Text(
            en="Ten steps from the states of a process to an event loop that is blocked. Answer "
            "before you press Start.",
            zh="从进程的状态到被阻塞的事件循环，共十步。按下“启动”之前先回答问题。",
        ),
        (
            Step("process-states"),
            Step("start-process"),
            Step("reap-and-zombie"),
            Step("gil"),
            Step("race-counter"),
            Step("deadlock"),
            Step("queue"),
            Step("thread-pool"),
            Step("asyncio-basics"),
            Step("blocked-loop"),
        ),
    ),
)


def path_named(name: str) -> Path | None:
    return next((path for path in PATHS if path.id == name), None)
