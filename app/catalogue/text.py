"""A text in both languages of the catalogue."""

from __future__ import annotations

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
