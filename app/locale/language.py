"""The language of the command line: TIMESLICE_LANGUAGE, else the locale's, else English.

Translations are the .po file itself, compiled in memory: a checkout, a wheel and an image need no
build step.
"""

from __future__ import annotations

import gettext
import io
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app.errors import Sentence, TimesliceError

LANGUAGES = ("en", "zh")
LOCALE_FOLDER = Path(__file__).resolve().parent


def wanted(environ: Mapping[str, str]) -> str:
    """``en`` or ``zh``, in the order of gettext(3): LC_ALL before LC_MESSAGES before LANG."""
    for variable in ("TIMESLICE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@cache
def translations(language: str) -> gettext.NullTranslations:
    """All catalogues of ``language`` as one; the sentences of errors are in the pages' files."""
    merged = Catalog(locale=language)
    for path in sorted((LOCALE_FOLDER / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                merged[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def current() -> str:
    return wanted(os.environ)


def _(message: str) -> str:
    """``message`` in the language of this process; English is the text itself."""
    language = current()
    # The empty message is gettext's name for a catalogue's own header.
    return message if language == "en" or not message else translations(language).gettext(message)


def error_text(error: TimesliceError) -> str:
    """The error's sentence in the language of this process."""
    return in_own_words(error.sentence) or str(error)


def in_own_words(sentence: str) -> str:
    """A sentence that came from another process, in the language of this one."""
    if isinstance(sentence, Sentence) and sentence.values:
        return _(sentence.template).format(**sentence.values)
    return _(sentence)
