"""Sentences that travel: told as JSON, said again in another language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.errors import Sentence, TimesliceError, WorkerFailed, sentences, told


def test_sentence_is_its_english_text() -> None:
    sentence = Sentence("{program} can't be started: {why}.", program="x", why="it is gone")
    assert sentence == "x can't be started: it is gone."
    assert sentence.template.startswith("{program}")


def test_told_sentences_come_back_as_they_were() -> None:
    given = [
        Sentence("{file} is {size} long.", file=Path("/tmp/x"), size=3),
        Sentence("Braces {stay} where there are no values."),
        "no template at all",
    ]
    through_json = json.loads(json.dumps(told([*given, ""])))
    back = sentences(through_json)
    assert back == list(map(str, given))
    assert back[0].template == "{file} is {size} long." and back[0].values["size"] == 3


@pytest.mark.parametrize("told", [[{"values": {}}], [{"template": "{x}", "values": {"y": 1}}]])
def test_sentences_refuse_what_told_never_made(told: list[dict[str, object]]) -> None:
    with pytest.raises(KeyError):
        sentences(told)


def test_error_says_a_sentence_again() -> None:
    error = WorkerFailed("{what} failed.", what="It")
    again = TimesliceError.saying(error.sentence)
    assert str(again) == str(error) == "It failed."
    assert (again.template, again.values) == (error.template, error.values)
    assert str(TimesliceError.saying("Not a {template}.")) == "Not a {template}."
