"""Questions that a student answers before a run, and what the run then answers itself.

A question has a kind, which says what can be answered and how two answers differ, and a function
that reads the answer from the timeline of a run; it raises ``NotSeen`` where the run can't tell.
Answers are JSON values: a choice's value, a number, an order of names, or the drawn states of
tracks, a letter for each cell of time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple

from app.catalogue.claims import NotSeen
from app.catalogue.parameters import P
from app.catalogue.text import Text
from app.timeline.states import State
from app.timeline.timeline import Timeline

Value = str | float | list[str] | dict[str, str]


class Wrong(Exception):
    """What was answered is none of what can be; ``why`` says what can."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


@dataclass(frozen=True, slots=True)
class Choice:
    """One of ``options``: value → text."""

    options: Mapping[str, Text]
    kind = "choice"

    def read(self, given: str) -> Value:
        if given not in self.options:
            raise Wrong(Text("Choose one of the answers.", "请选择一个答案。"))
        return given

    def right(self, predicted: Any, answer: Any) -> bool:
        return bool(predicted == answer)

    def words(self, value: Any) -> Text:
        return self.options[value]

    def differs(self, predicted: Any, answer: Any) -> Text:
        return Text("", "")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in ``unit``; right when it is off by no more than the part ``near`` of the answer.

    ``whole`` answers must be met exactly.
    """

    minimum: float
    maximum: float
    unit: str = ""
    whole: bool = False
    near: float = 0.15
    kind = "number"

    def read(self, given: str) -> Value:
        try:
            value = float(given)
        except ValueError:
            value = float("nan")
        if not self.minimum <= value <= self.maximum or (self.whole and value % 1):
            low, high = _figure(self.minimum), _figure(self.maximum)
            what = Text("a whole number", "整数") if self.whole else Text("a number", "数")
            raise Wrong(
                Text(
                    f"It must be {what.en} from {low} to {high}.",
                    f"应为 {low} 到 {high} 的{what.zh}。",
                )
            )
        return value

    def right(self, predicted: Any, answer: Any) -> bool:
        if self.whole:
            return bool(predicted == answer)
        return bool(abs(predicted - answer) <= self.near * abs(answer))

    def words(self, value: Any) -> Text:
        text = f"{_figure(value)} {self.unit}".strip()
        return Text(text, text)

    def differs(self, predicted: Any, answer: Any) -> Text:
        if self.right(predicted, answer) or not answer:
            return Text("", "")
        off = (predicted - answer) / abs(answer)
        percent = f"{abs(100 * off):.0f} %"
        if off > 0:
            return Text(f"You said {percent} too much.", f"多估了 {percent}。")
        return Text(f"You said {percent} too little.", f"少估了 {percent}。")


@dataclass(frozen=True, slots=True)
class Order:
    """``items`` (value → text) in an order."""

    items: Mapping[str, Text]
    kind = "order"

    def read(self, given: str) -> Value:
        """Values with commas between them, each once."""
        names = [name.strip() for name in given.split(",")]
        if sorted(names) != sorted(self.items):
            raise Wrong(Text("Give each its own place.", "每一项都要有各自的位置。"))
        return names

    def right(self, predicted: Any, answer: Any) -> bool:
        return list(predicted) == list(answer)

    def words(self, value: Any) -> Text:
        texts = [self.items[name] for name in value]
        return Text(" → ".join(text.en for text in texts), " → ".join(text.zh for text in texts))

    def differs(self, predicted: Any, answer: Any) -> Text:
        wrong = sum(one != other for one, other in zip(predicted, answer, strict=True))
        return Text(
            f"{wrong} of {len(answer)} have another place.",
            f"{len(answer)} 项中有 {wrong} 项的位置不同。",
        )


#: The letter of a state in a drawing; a track is not there where it is a dot.
LETTERS = {
    State.RUNNING: "R", State.READY: "Y", State.BLOCKED: "B", State.GIL: "G", State.AWAITING: "A",
    State.ZOMBIE: "Z", State.STOPPED: "S", State.NEW: "N",
}  # fmt: skip
ABSENT = "."


@dataclass(frozen=True, slots=True)
class Drawing:
    """The states of ``tracks`` (key → text) in so many cells of equal time over the whole run."""

    tracks: Mapping[str, Text]
    states: tuple[State, ...]
    cells: int = 16
    kind = "drawing"

    def read(self, given: str) -> Value:
        """``key:letters`` of each track with commas between them."""
        rows = dict(row.strip().partition(":")[::2] for row in given.split(","))
        letters = {ABSENT, *(LETTERS[state] for state in self.states)}
        complete = rows.keys() == self.tracks.keys() and all(
            len(row) == self.cells and set(row) <= letters for row in rows.values()
        )
        if not complete:
            allowed = " ".join(sorted(letters))
            raise Wrong(
                Text(
                    f"Each track needs {self.cells} letters of {allowed}.",
                    f"每条轨道需要 {self.cells} 个字母，可用：{allowed}。",
                )
            )
        return rows

    def right(self, predicted: Any, answer: Any) -> bool:
        return self._same(predicted, answer) >= 0.9 * self.cells * len(self.tracks)

    def _same(self, predicted: Any, answer: Any) -> int:
        return sum(
            one == other
            for key in self.tracks
            for one, other in zip(predicted[key], answer[key], strict=True)
        )

    def words(self, value: Any) -> Text:
        return Text("", "")  # it is drawn

    def differs(self, predicted: Any, answer: Any) -> Text:
        same, cells = self._same(predicted, answer), self.cells * len(self.tracks)
        return Text(f"{same} of {cells} cells agree.", f"{cells} 格中有 {same} 格一致。")


Kind = Choice | Number | Order | Drawing


class Outcome(NamedTuple):
    """What became of a prediction; ``why`` says it. ``answer`` is None where the run can't tell."""

    answer: Value | None
    right: bool
    why: Text


@dataclass(frozen=True)
class Question(Generic[P]):
    """``answer`` reads it from a run; it raises NotSeen where the run can't tell."""

    id: str
    text: Text
    kind: Kind
    answer: Callable[[Timeline, P], Value]

    def outcome(self, timeline: Timeline, params: P, predicted: Value) -> Outcome:
        try:
            answer = self.answer(timeline, params)
        except NotSeen as reason:
            return Outcome(None, False, reason.why)
        right = self.kind.right(predicted, answer)
        return Outcome(answer, right, self.kind.differs(predicted, answer))


def read(
    questions: Sequence[Question[Any]], given: Mapping[str, str]
) -> tuple[dict[str, Value], dict[str, Text]]:
    """The predictions in ``given``, by a question's id, and what is wrong with others.

    What is empty was not predicted.
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
    """The run as such a drawing: in each cell what each track (key → id) was for most of it."""
    return {key: _letters(timeline, track, drawing) for key, track in tracks.items()}


def _letters(timeline: Timeline, track: int, drawing: Drawing) -> str:
    length = max(1, timeline.now_ns)
    shares: list[dict[str, int]] = [{} for _ in range(drawing.cells)]
    for row in timeline.slices.get(track, []):
        letter = LETTERS.get(row.state, "?") if row.state in drawing.states else "?"
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


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"
