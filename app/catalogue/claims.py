"""Claims: sentences of the notes that are checked on the timeline of one run.

A check takes the timeline and the run's parameters and gives an ``Answer``, made by ``holds``,
``fails`` or ``not_seen``. Helpers that need something the run has not shown raise ``NotSeen``.
Checks compare orders and ratios, never constants of one machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, NamedTuple, Unpack

from app.catalogue.parameters import P
from app.locale.languages import Translations
from app.locale.text import Text
from app.timeline.limits import STOPPED, limit_name
from app.timeline.model import Slice
from app.timeline.states import Verdict
from app.timeline.timeline import Timeline

#: With more spans of evidence the page would be hard to read.
MAX_EVIDENCE = 12


class Span(NamedTuple):
    """A stretch of one track."""

    track: int
    start_ns: int
    end_ns: int

    @property
    def length_ns(self) -> int:
        return self.end_ns - self.start_ns


@dataclass(frozen=True, slots=True)
class Answer:
    """A run's verdict on a claim, the reason with the run's figures, and the spans that show it."""

    verdict: Verdict
    why: Text
    evidence: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim(Generic[P]):
    """``text`` is the sentence, or makes it from the parameters; ``check`` gives the answer."""

    id: str
    text: Text | Callable[[P], Text]
    check: Callable[[Timeline, P], Answer]

    def sentence(self, params: P) -> Text:
        return self.text if isinstance(self.text, Text) else self.text(params)


class NotSeen(Exception):
    """The run does not show what the claim is about; ``why`` says what was missing."""

    def __init__(self, *, en: str, **others: Unpack[Translations]) -> None:
        super().__init__(en)
        self.why = Text(en=en, **others)


def holds(
    *, en: str, evidence: Iterable[Span | Slice] = (), **others: Unpack[Translations]
) -> Answer:
    return Answer(Verdict.HOLDS, Text(en=en, **others), _spans(evidence))


def fails(
    *, en: str, evidence: Iterable[Span | Slice] = (), **others: Unpack[Translations]
) -> Answer:
    return Answer(Verdict.FAILS, Text(en=en, **others), _spans(evidence))


def not_seen(
    *, en: str, evidence: Iterable[Span | Slice] = (), **others: Unpack[Translations]
) -> Answer:
    return Answer(Verdict.NOT_SEEN, Text(en=en, **others), _spans(evidence))


def either(
    true: bool, *, en: str, evidence: Iterable[Span | Slice] = (), **others: Unpack[Translations]
) -> Answer:
    """``holds`` or ``fails`` with the same figures."""
    verdict = Verdict.HOLDS if true else Verdict.FAILS
    return Answer(verdict, Text(en=en, **others), _spans(evidence))


#: A value counts as less than another only if the other is more than this many times as large.
CLEAR = 1.2
_TOO_NEAR = Text(en=" That is too near to tell.", zh="太接近，无法判断。")


def ascending(
    values: Sequence[float],
    *,
    en: str,
    evidence: Iterable[Span | Slice] = (),
    **others: Unpack[Translations],
) -> Answer:
    """Whether each value is clearly less than the next; not seen if two are too near to tell."""
    why, spans = Text(en=en, **others), _spans(evidence)
    pairs = list(pairwise(values))
    if any(one > two for one, two in pairs):
        return Answer(Verdict.FAILS, why, spans)
    if any(one * CLEAR > two for one, two in pairs):
        return Answer(Verdict.NOT_SEEN, why + _TOO_NEAR, spans)
    return Answer(Verdict.HOLDS, why, spans)


_CUT_SHORT = Text(
    en="The run reached its limit of {limit}, so this can't be told.",
    zh="运行因达到上限（{limit}）而提前结束，无法判断。",
)
_STOPPED = Text(
    en="The run was stopped on request, so this can't be told.", zh="运行已按要求停止，无法判断。"
)


def cut_short(limit: str) -> Text:
    """Why a claim can't be told about a run that met this limit, or was stopped."""
    return _STOPPED if limit == STOPPED else _CUT_SHORT.filled(limit=limit_name(limit))


def ask(claim: Claim[P], timeline: Timeline, params: P) -> Answer:
    """The claim's answer. A run that was stopped from outside refutes nothing: it was cut short."""
    try:
        answer = claim.check(timeline, params)
    except NotSeen as reason:
        return Answer(Verdict.NOT_SEEN, reason.why)
    cut = [item for item in timeline.findings.values() if item.kind == "limit"]
    if cut and answer.verdict is Verdict.FAILS:
        return Answer(Verdict.NOT_SEEN, cut_short(str(cut[0].facts.get("name", "?"))))
    return answer


def answer_json(claim: Claim[P], params: P, answer: Answer) -> dict[str, Any]:
    return {
        "id": claim.id,
        "text": claim.sentence(params).json(),
        "verdict": answer.verdict.word,
        "why": answer.why.json(),
        "evidence": [span._asdict() for span in answer.evidence],
    }


def _spans(evidence: Iterable[Span | Slice]) -> tuple[Span, ...]:
    spans = [Span(item.track, item.start_ns, item.end_ns) for item in evidence]
    if len(spans) <= MAX_EVIDENCE:
        return tuple(spans)
    longest = sorted(spans, key=lambda span: span.start_ns - span.end_ns)[:MAX_EVIDENCE]
    return tuple(sorted(longest, key=lambda span: span.start_ns))
