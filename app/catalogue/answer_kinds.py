"""Kinds of answers to a question: how an answer is read, which is right, how two differ.

Answers are JSON values: a choice's value, a number, an order of names, or the drawn states of
tracks, with a letter for each cell of time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from app.locale.text import NO_TEXT, Text, in_each, verbatim
from app.timeline.states import State

Value = str | float | list[str] | dict[str, str]


class Wrong(Exception):
    """The answer is not one of the possible ones; ``why`` says what is possible."""

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
            raise Wrong(Text(en="Choose one of the answers.", zh="请选择一个答案。"))
        return given

    def right(self, predicted: Any, answer: Any) -> bool:
        return bool(predicted == answer)

    def words(self, value: Any) -> Text:
        return self.options[value]

    def differs(self, predicted: Any, answer: Any) -> Text:
        return NO_TEXT


@dataclass(frozen=True, slots=True)
class Number:
    """A number in ``unit``. It is right if it differs from the answer by at most ``near`` of it.

    With ``whole``, it must be exactly the answer.
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
            what = (
                Text(en="a whole number", zh="整数") if self.whole else Text(en="a number", zh="数")
            )
            raise Wrong(
                Text(
                    en=f"It must be {what.en} from {low} to {high}.",
                    zh=f"应为 {low} 到 {high} 的{what.of('zh')}。",
                )
            )
        return value

    def right(self, predicted: Any, answer: Any) -> bool:
        if self.whole:
            return bool(predicted == answer)
        return bool(abs(predicted - answer) <= self.near * abs(answer))

    def words(self, value: Any) -> Text:
        text = f"{_figure(value)} {self.unit}".strip()
        return verbatim(text)

    def differs(self, predicted: Any, answer: Any) -> Text:
        if self.right(predicted, answer) or not answer:
            return NO_TEXT
        off = (predicted - answer) / abs(answer)
        percent = f"{abs(100 * off):.0f} %"
        if off > 0:
            return Text(en=f"You said {percent} too much.", zh=f"多估了 {percent}。")
        return Text(en=f"You said {percent} too little.", zh=f"少估了 {percent}。")


@dataclass(frozen=True, slots=True)
class Order:
    """The ``items`` (value → text) in some order."""

    items: Mapping[str, Text]
    kind = "order"

    def read(self, given: str) -> Value:
        """The values, each once, separated by commas."""
        names = [name.strip() for name in given.split(",")]
        if sorted(names) != sorted(self.items):
            raise Wrong(Text(en="Give each its own place.", zh="每一项都要有各自的位置。"))
        return names

    def right(self, predicted: Any, answer: Any) -> bool:
        return list(predicted) == list(answer)

    def words(self, value: Any) -> Text:
        texts = [self.items[name] for name in value]
        return in_each(lambda language: " → ".join(text.of(language) for text in texts))

    def differs(self, predicted: Any, answer: Any) -> Text:
        wrong = sum(one != other for one, other in zip(predicted, answer, strict=True))
        return Text(
            en=f"{wrong} of {len(answer)} have another place.",
            zh=f"{len(answer)} 项中有 {wrong} 项的位置不同。",
        )


#: The letter of each state in a drawing; a dot is a cell in which the track does not exist.
LETTERS = {
    State.RUNNING: "R", State.READY: "Y", State.BLOCKED: "B", State.GIL: "G", State.AWAITING: "A",
    State.ZOMBIE: "Z", State.STOPPED: "S", State.NEW: "N",
}  # fmt: skip
ABSENT = "."
#: In a run's answer: a state that can't be drawn.
OTHER = "?"


@dataclass(frozen=True, slots=True)
class Drawing:
    """The states of ``tracks`` (key → text) in ``cells`` that divide the run's time evenly.

    It is right if each track goes through the same states in the same order, to the end. How many
    cells a state takes is not judged, as it depends on the machine.
    """

    tracks: Mapping[str, Text]
    states: tuple[State, ...]
    cells: int = 16
    kind = "drawing"

    def read(self, given: str) -> Value:
        """``key:letters`` of each track, separated by commas."""
        rows = dict(row.strip().partition(":")[::2] for row in given.split(","))
        letters = {ABSENT, *(LETTERS[state] for state in self.states)}
        complete = rows.keys() == self.tracks.keys() and all(
            len(row) == self.cells and set(row) <= letters for row in rows.values()
        )
        if not complete:
            allowed = " ".join(sorted(letters))
            raise Wrong(
                Text(
                    en=f"Each track needs {self.cells} letters of {allowed}.",
                    zh=f"每条轨道需要 {self.cells} 个字母，可用：{allowed}。",
                )
            )
        return rows

    def right(self, predicted: Any, answer: Any) -> bool:
        return not self._others(predicted, answer)

    def _others(self, predicted: Any, answer: Any) -> list[str]:
        """The keys of tracks with other states, or another order."""
        return [key for key in self.tracks if sequence(predicted[key]) != sequence(answer[key])]

    def words(self, value: Any) -> Text:
        return NO_TEXT  # it is drawn

    def differs(self, predicted: Any, answer: Any) -> Text:
        others = [self.tracks[key] for key in self._others(predicted, answer)]
        if not others:
            return NO_TEXT
        return Text(
            en=f"Other states, or another order: {', '.join(text.en for text in others)}.",
            zh=f"状态或顺序不同：{'、'.join(text.of('zh') for text in others)}。",
        )


def sequence(letters: str) -> str:
    """The states of a drawn row in order; a state that lasts for several cells counts once.

    Left out are the cells before the track exists, states that can't be drawn, and one last cell in
    which the track has just ended. Running at the start is left out too, as it may be shorter than
    a cell.
    """
    drawn = letters.lstrip(ABSENT).replace(OTHER, "")
    if not drawn:
        return ABSENT
    if drawn.endswith(ABSENT) and not drawn.endswith(2 * ABSENT):
        drawn = drawn[:-1]
    return "".join(letter for letter, _ in groupby(drawn)).removeprefix(LETTERS[State.RUNNING])


Kind = Choice | Number | Order | Drawing


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"
