"""Every sentence of the command line has its Chinese, and is said in the language wanted."""

from __future__ import annotations

import re

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from app.errors import TimesliceError
from app.locale import terminal
from app.locale.translations import LOCALE_FOLDER, translations

APP = LOCALE_FOLDER.parent
SOURCES = [
    *sorted(APP.glob("cli/**/*.py")),
    *sorted(APP.glob("doctor/*.py")),
]
#: Functions and errors whose first argument is a sentence that a user reads.
KEYWORDS = ("_", "InvalidInput", "TimesliceError", "UnknownInterpreter", "WorkerFailed")


def sentences() -> set[str]:
    found: set[str] = set()
    for path in SOURCES:
        for _, message, _, _ in extract_from_file(
            "python", path, keywords=dict.fromkeys(KEYWORDS), comment_tags=()
        ):
            found.add(message if isinstance(message, str) else message[0])
    # "{sentence}" hands on a sentence made elsewhere.
    return found - {"{sentence}"}


def test_language_every_sentence_has_chinese_with_the_same_placeholders() -> None:
    assert len(sentences()) > 60
    for sentence in sorted(sentences()):
        chinese = translations("zh").gettext(sentence)
        assert chinese != sentence or sentence == "tid", f"no Chinese for {sentence!r}"
        places = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (sentence, chinese)]
        assert places[0] == places[1], sentence


def test_language_chinese_has_no_sentence_that_is_gone() -> None:
    """What is looked up by a value, not by a literal, is named here."""
    by_value = {
        "the probe runs in CPython and PyPy",
        "the probe needs Python 3.9 or newer",
        "rlimits",
        "supervised process tree",
        "signals of a run stay inside (Landlock)",
        "Thread states by sampling, with run-queue times.",
        "The system call that a blocked thread sits in.",
    }
    with (LOCALE_FOLDER / "zh/LC_MESSAGES/cli.po").open("rb") as file:
        kept = {str(message.id) for message in read_po(file) if message.id}
    assert kept - by_value == sentences()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LC_ALL": "zh_CN", "TIMESLICE_LANGUAGE": "en"}, "en"),
        ({"TIMESLICE_LANGUAGE": "", "LANG": "zh"}, "zh"),
    ],
)
def test_language_wanted_follows_the_environment(environ: dict[str, str], expected: str) -> None:
    assert terminal.wanted(environ) == expected


def test_language_of_errors_keeps_values(monkeypatch: pytest.MonkeyPatch) -> None:
    error = TimesliceError("There is no address {host}: {why}.", host="{x}", why="gone")
    monkeypatch.setenv("TIMESLICE_LANGUAGE", "en")
    assert terminal.error_text(error) == "There is no address {x}: gone."
    monkeypatch.setenv("TIMESLICE_LANGUAGE", "zh")
    assert terminal.error_text(error) == "没有 {x} 这个地址：gone。"


def test_language_of_nothing_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMESLICE_LANGUAGE", "zh")
    assert terminal._("") == ""
