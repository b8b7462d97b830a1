"""The interface's sentences in each language.

The .po files are compiled in memory: a checkout, a wheel and an image need no build step.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE_FOLDER = Path(__file__).resolve().parent


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
