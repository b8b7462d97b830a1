"""Predictions that a student makes before a run: the form's fields, and how they came out."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from app.catalogue.answer_kinds import ABSENT, LETTERS, Drawing, Order, Value, Wrong
from app.catalogue.questions import Outcome, Question, read
from app.locale.text import NO_TEXT, Text
from app.runs.run import Run
from app.timeline.timeline import Timeline
from app.web import i18n, run_settings
from app.web.i18n import N_
from app.web.site import Site
from app.web.state_names import STATE_NAMES

#: How the names of its fields in the form begin: ``predict.<question>``, or
#: ``predict.<question>.<part>`` for an answer of several parts.
PREFIX = "predict."

Predictions = dict[str, Value]

_log = logging.getLogger(__name__)
_NO_ANSWER = Text(
    en="This recording does not hold what the question asks for.",
    zh="这份录制里没有这个问题要问的内容。",
)


def split(given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The form's other fields, and those of predictions without their prefix."""
    rest = {name: value for name, value in given.items() if not name.startswith(PREFIX)}
    mine = {name.removeprefix(PREFIX): given[name] for name in given.keys() - rest.keys()}
    return rest, mine


def of_form(
    questions: Sequence[Question[Any]], given: Mapping[str, str], language: str
) -> tuple[Predictions, dict[str, str]]:
    """The predictions by question, and a sentence for each that is wrong."""
    texts = {question.id: _joined(question, given) for question in questions}
    values, wrong = read(questions, texts)
    return values, {name: why.of(language) for name, why in wrong.items()}


def _joined(question: Question[Any], given: Mapping[str, str]) -> str:
    """The parts of an answer as one text; empty if none of them was given."""
    names = _parts(question)
    parts = [given.get(f"{question.id}.{name}", "").strip() for name in names]
    if isinstance(question.kind, Order):
        return ",".join(parts) if any(parts) else ""
    if isinstance(question.kind, Drawing):
        rows = [part.upper() for part in parts]
        joined = ",".join(f"{name}:{row}" for name, row in zip(names, rows, strict=True))
        return joined if set("".join(rows)) - {ABSENT} else ""
    return given.get(question.id, "")


def _parts(question: Question[Any]) -> list[str]:
    if isinstance(question.kind, Order):
        return [str(place) for place in range(1, len(question.kind.items) + 1)]
    return list(question.kind.tracks) if isinstance(question.kind, Drawing) else []


def fields(
    questions: Sequence[Question[Any]],
    language: str,
    given: Mapping[str, str],
    wrong: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The questions for the form's template; ``given`` is what was typed before."""
    return [
        {
            "name": f"{PREFIX}{question.id}",
            "text": question.text.of(language),
            "kind": question.kind,
            "value": given.get(question.id, ""),
            "parts": [(name, given.get(f"{question.id}.{name}", "")) for name in _parts(question)],
            "letters": _letters(question, language),
            "error": wrong.get(question.id, ""),
        }
        for question in questions
    ]


def _letters(question: Question[Any], language: str) -> list[tuple[str, str]]:
    """(letter, name) of what can be drawn."""
    if not isinstance(question.kind, Drawing):
        return []
    named = [
        (LETTERS[state], i18n.gettext(STATE_NAMES[state], language))
        for state in question.kind.states
    ]
    return [*named, (ABSENT, i18n.gettext(N_("not there"), language))]


def predicted(site: Site, run: Run, language: str) -> list[dict[str, Any]]:
    """The predictions for ``run``, in the reader's language."""
    return [
        {
            "id": question.id,
            "text": question.text.of(language),
            "words": question.kind.words(value).of(language),
            "rows": _rows(question, value, language),
            "letters": _letters(question, language),
        }
        for question, value in _of(site, run)
    ]


def outcomes(site: Site, run: Run, timeline: Timeline, language: str) -> list[dict[str, Any]]:
    """Each prediction with the run's own answer."""
    predicted = _of(site, run)
    params = run_settings.params_of(site.catalogue[run.scenario], run) if predicted else None
    if params is None:
        return []
    found = []
    for question, value in predicted:
        outcome = _outcome(question, timeline, params, value)
        known = outcome.answer is not None
        found.append(
            {
                "id": question.id,
                "text": question.text.of(language),
                "predicted": value,
                "answer": outcome.answer,
                "right": outcome.right,
                "why": outcome.why.of(language),
                "because": outcome.because.of(language),
                "words": question.kind.words(outcome.answer).of(language) if known else "",
                "rows": _rows(question, outcome.answer, language) if known else [],
            }
        )
    return found


def _of(site: Site, run: Run) -> list[tuple[Question[Any], Any]]:
    if run.scenario not in site.catalogue:
        return []
    found = []
    for question in site.catalogue[run.scenario].questions:
        # A recording may hold anything: only what the form would accept is shown.
        with contextlib.suppress(Wrong, TypeError, KeyError):
            text = _as_text(question, run.predictions[question.id])
            found.append((question, question.kind.read(text)))
    return found


def _as_text(question: Question[Any], value: Any) -> str:
    """A prediction as text, as its kind reads it. Raises TypeError for a value of another kind."""
    if isinstance(question.kind, Order):
        return ",".join(value)
    if isinstance(question.kind, Drawing):
        if not isinstance(value, dict):
            raise TypeError("a drawing is kept by its tracks")
        return ",".join(f"{name}:{row}" for name, row in value.items())
    return str(value)


def _outcome(question: Question[Any], timeline: Timeline, params: Any, value: Any) -> Outcome:
    """A recording that only looks like a run of the scenario answers no question."""
    try:
        return question.outcome(timeline, params, value)
    except (LookupError, ArithmeticError, TypeError, ValueError) as error:
        _log.warning("the question %s has no answer in a recording: %r", question.id, error)
        return Outcome(None, False, _NO_ANSWER, NO_TEXT)


def _rows(question: Question[Any], value: Any, language: str) -> list[tuple[str, str]]:
    """(track, its letters) of a drawing."""
    if not isinstance(question.kind, Drawing):
        return []
    return [(text.of(language), value[name]) for name, text in question.kind.tracks.items()]
