"""The language of the command line: TIMESLICE_LANGUAGE, else the locale's, else English."""

from __future__ import annotations

import os
from collections.abc import Mapping

from app.errors import Sentence, TimesliceError
from app.locale.languages import DEFAULT, language_of
from app.locale.translations import translations


def wanted(environ: Mapping[str, str]) -> str:
    """The code of a language, in the order of gettext(3): LC_ALL, then LC_MESSAGES, then LANG."""
    for variable in ("TIMESLICE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(variable, ""):
            return language_of(value)
    return DEFAULT


def current() -> str:
    return wanted(os.environ)


def _(message: str) -> str:
    """``message`` in the language of this process; English is the text itself."""
    language = current()
    # The empty message is gettext's name for a catalogue's own header.
    english = language == DEFAULT or not message
    return message if english else translations(language).gettext(message)


def error_text(error: TimesliceError) -> str:
    """The error's sentence in the language of this process."""
    return in_own_words(error.sentence) or str(error)


def in_own_words(sentence: str) -> str:
    """A sentence that came from another process, in the language of this one."""
    if isinstance(sentence, Sentence) and sentence.values:
        return _(sentence.template).format(**sentence.values)
    return _(sentence)
