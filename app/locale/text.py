"""A text in English and in the languages it was translated to, side by side in the code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Unpack

from app.locale.languages import DEFAULT, LANGUAGES, Translations, language_of


class Text:
    """One text, by the codes of its languages: ``Text(en="Locks", zh="锁")``.

    English is required; it stands in for each language that is missing.
    """

    __slots__ = ("_texts",)

    def __init__(self, *, en: str, **others: Unpack[Translations]) -> None:
        self._texts = {DEFAULT: en, **{code: str(text) for code, text in others.items()}}

    @property
    def en(self) -> str:
        return self._texts[DEFAULT]

    def of(self, language: str) -> str:
        """The text in ``language``, a code or a tag such as ``zh-CN``; else in English."""
        return self._texts.get(language_of(language), self.en)

    def json(self) -> dict[str, str]:
        """The text by the codes of the languages it is written in."""
        return dict(self._texts)

    def filled(self, **values: object) -> Text:
        """The text with ``{name}`` replaced by these values; a Text by its own translation."""
        return _by_language(
            {
                language: text.format(
                    **{
                        name: value.of(language) if isinstance(value, Text) else value
                        for name, value in values.items()
                    }
                )
                for language, text in self._texts.items()
            }
        )

    def __add__(self, other: Text) -> Text:
        """This text and the other after it, in the languages that both are written in."""
        return _by_language(
            {
                language: text + other._texts[language]
                for language, text in self._texts.items()
                if language in other._texts
            }
        )

    def __bool__(self) -> bool:
        return bool(self.en)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self._texts == other._texts

    def __hash__(self) -> int:
        return hash(tuple(self._texts.items()))

    def __repr__(self) -> str:
        return f"Text({', '.join(f'{code}={text!r}' for code, text in self._texts.items())})"


def _by_language(texts: dict[str, str]) -> Text:
    return Text(**texts)


def in_each(make: Callable[[str], str]) -> Text:
    """A text that is put together, without words of its own: ``make`` is given a language."""
    return _by_language({language: make(language) for language in LANGUAGES})


def verbatim(name: str) -> Text:
    """A name that is the same in every language, such as ``asyncio.gather``."""
    return in_each(lambda _: name)


#: For what needs no words.
NO_TEXT = verbatim("")


def listed(items: Iterable[str]) -> Text:
    """The items in a row, with the comma of each language; a dash where there are none."""
    found = list(items)
    return in_each(lambda language: LANGUAGES[language].comma.join(found) or "–")
