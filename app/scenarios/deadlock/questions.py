"""Asked before the run: draw what the two friends will be doing."""

from __future__ import annotations

from app.catalogue.answer_kinds import Drawing
from app.catalogue.claims import NotSeen
from app.catalogue.questions import Question, drawn
from app.catalogue.spans import named
from app.locale.text import Text, verbatim
from app.scenarios.deadlock.scenario import Settings
from app.timeline.states import State
from app.timeline.timeline import Timeline

DRAWING = Drawing(
    {"Ann": verbatim("Ann"), "Bob": verbatim("Bob")},
    (State.RUNNING, State.BLOCKED),
    12,
)


def states(timeline: Timeline, params: Settings) -> dict[str, str]:
    tracks = named(timeline, *DRAWING.tracks)
    if not any(item.kind == "deadlock" for item in timeline.findings.values()):
        if params.variant == "timeout":
            raise NotSeen(
                en="There was no deadlock: whoever waited too long gave back what it held.",
                zh="没有发生死锁：等得太久的一方放回了手里的锁。",
            )
        raise NotSeen(
            en="There was no deadlock. They took turns, too quickly to be drawn.",
            zh="没有发生死锁。他们轮流运行，快得画不出来。",
        )
    return drawn(timeline, {track.name: track.id for track in tracks}, DRAWING)


QUESTIONS = (
    Question(
        "states",
        Text(
            en="Ann takes the fork first, Bob the noodles. Draw what you expect of them, from the "
            "start of the run to its end. Only the order of the states counts.",
            zh="Ann 先拿叉子，Bob 先拿面条。请画出从运行开始到结束，你预计他们各处于什么状态。"
            "只看状态的先后顺序。",
        ),
        DRAWING,
        states,
        Text(
            en="Sooner or later each holds one lock and waits for the other's. Neither can give "
            "back what it holds before it has the second one, so both stay blocked to the end.",
            zh="早晚会出现这一刻：双方各持有一把锁，又都在等对方的那把。没拿到第二把之前，"
            "谁也不会放开第一把，所以两个线程一直阻塞到最后。",
        ),
    ),
)
