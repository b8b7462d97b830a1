"""A text in both languages of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

#: The catalogue's languages, the first being the one to fall back to.
LANGUAGES = ("en", "zh")


class Text(NamedTuple):
    """One text in English and in Simplified Chinese."""

    en: str
    zh: str

    def of(self, language: str) -> str:
        """The text in ``language``, a tag such as ``zh`` or ``zh-CN``; English for any other."""
        return self.zh if language.lower().startswith("zh") else self.en

    def json(self) -> dict[str, str]:
        return {"en": self.en, "zh": self.zh}


def listed(items: Iterable[str]) -> Text:
    """The items in a row, with the comma of each language; a dash where there are none."""
    found = list(items)
    return Text(", ".join(found) or "–", "、".join(found) or "–")
