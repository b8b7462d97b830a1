"""Asked before the run: draw what the two friends will be doing."""

from __future__ import annotations

from app.catalogue.questions import Drawing, Question, drawn
from app.catalogue.spans import named
from app.catalogue.text import Text
from app.scenarios.deadlock.scenario import Settings
from app.timeline.states import State
from app.timeline.timeline import Timeline

DRAWING = Drawing(
    {"Ann": Text("Ann", "Ann"), "Bob": Text("Bob", "Bob")}, (State.RUNNING, State.BLOCKED), 12
)


def states(timeline: Timeline, params: Settings) -> dict[str, str]:
    tracks = named(timeline, *DRAWING.tracks)
    return drawn(timeline, {track.name: track.id for track in tracks}, DRAWING)


QUESTIONS = (
    Question(
        "states",
        Text(
            "Ann takes the fork first, Bob the noodles. Draw what you expect of them, from the "
            "start of the run to its end.",
            "Ann 先拿叉子，Bob 先拿面条。请画出从运行开始到结束，你预计他们各处于什么状态。",
        ),
        DRAWING,
        states,
    ),
)
