"""Questions that a student answers before a run, and the answers of the run itself.

The kind of a question says which answers are possible and how two differ. A function reads the
answer from a run's timeline, and a sentence gives the reason for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple

from app.catalogue.answer_kinds import ABSENT, LETTERS, OTHER, Drawing, Kind, Value, Wrong
from app.catalogue.claims import NotSeen
from app.catalogue.parameters import P
from app.locale.text import NO_TEXT, Text
from app.timeline.timeline import Timeline


class Outcome(NamedTuple):
    """How a prediction came out: ``why`` says how it differs, ``because`` explains the run.

    If the run does not show the answer, ``answer`` is None, ``why`` says so, ``because`` is empty.
    """

    answer: Value | None
    right: bool
    why: Text
    because: Text


Because = Text | Mapping[str, Text] | Callable[[P, Any], Text]


@dataclass(frozen=True)
class Question(Generic[P]):
    """``answer`` reads the answer from a run; it raises NotSeen if the run does not show it.

    ``because`` explains the answer: one sentence for all answers, one for each choice, or a
    function of the run's parameters and its answer.
    """

    id: str
    text: Text
    kind: Kind
    answer: Callable[[Timeline, P], Value]
    because: Because[P]

    def outcome(self, timeline: Timeline, params: P, predicted: Value) -> Outcome:
        try:
            answer = self.answer(timeline, params)
        except NotSeen as reason:
            return Outcome(None, False, reason.why, NO_TEXT)
        right = self.kind.right(predicted, answer)
        why = self.kind.differs(predicted, answer)
        return Outcome(answer, right, why, self.reason(params, answer))

    def reason(self, params: P, answer: Any) -> Text:
        """Why a run with these parameters gives this answer."""
        if isinstance(self.because, Text):
            return self.because
        if isinstance(self.because, Mapping):
            return self.because[answer]
        return self.because(params, answer)


def read(
    questions: Sequence[Question[Any]], given: Mapping[str, str]
) -> tuple[dict[str, Value], dict[str, Text]]:
    """The predictions in ``given``, by the question's id, and sentences for those that are wrong.

    An empty answer is no prediction.
    """
    values: dict[str, Value] = {}
    wrong: dict[str, Text] = {}
    for question in questions:
        text = given.get(question.id, "").strip()
        if not text:
            continue
        try:
            values[question.id] = question.kind.read(text)
        except Wrong as error:
            wrong[question.id] = error.why
    return values, wrong


def drawn(timeline: Timeline, tracks: Mapping[str, int], drawing: Drawing) -> dict[str, str]:
    """The run as a drawing: for each track (key → id) the state that took most of each cell."""
    return {key: _letters(timeline, track, drawing) for key, track in tracks.items()}


def _letters(timeline: Timeline, track: int, drawing: Drawing) -> str:
    length = max(1, timeline.now_ns)
    shares: list[dict[str, int]] = [{} for _ in range(drawing.cells)]
    for row in timeline.slices.get(track, []):
        letter = LETTERS[row.state] if row.state in drawing.states else OTHER
        first = row.start_ns * drawing.cells // length
        last = min(drawing.cells - 1, (row.end_ns - 1) * drawing.cells // length)
        for cell in range(first, last + 1):
            begin, end = cell * length // drawing.cells, (cell + 1) * length // drawing.cells
            part = min(row.end_ns, end) - max(row.start_ns, begin)
            shares[cell][letter] = shares[cell].get(letter, 0) + part
    cell_ns = length / drawing.cells
    return "".join(_most(share, cell_ns) for share in shares)


def _most(share: Mapping[str, int], cell_ns: float) -> str:
    absent = cell_ns - sum(share.values())
    letter = max(share, key=lambda key: share[key], default=ABSENT)
    return letter if share.get(letter, 0) >= absent else ABSENT
