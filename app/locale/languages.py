"""The languages that Timeslice speaks: declared here, and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, TypedDict, get_type_hints


@dataclass(frozen=True, slots=True)
class Language:
    """``tag`` is the language of a page (BCP 47), ``name`` what its readers call it.

    ``comma`` stands between the items of a list, ``space`` between two sentences.
    """

    tag: str
    name: str
    comma: str = ", "
    space: str = " "


class Translations(TypedDict, total=False):
    """A text in the languages other than English, any of which may be missing.

    One line is one language. The interface has its sentences in ``app/locale/<code>``.
    """

    zh: Annotated[str, Language("zh-CN", "中文", comma="、", space="")]


#: The language that every text has, and that stands in for a translation that is missing.
DEFAULT = "en"


def _declared() -> dict[str, Language]:
    hints = get_type_hints(Translations, include_extras=True)
    others = {code: hint.__metadata__[0] for code, hint in hints.items()}
    return {DEFAULT: Language("en", "English"), **others}


_CODE = re.compile("[a-z]+")
#: The languages by their codes; English is the first.
LANGUAGES: dict[str, Language] = _declared()


def language_of(tag: str) -> str:
    """The code of the language that ``tag`` names, such as ``zh`` for ``zh_TW.UTF-8``.

    English for any that Timeslice does not speak.
    """
    code = _CODE.match(tag.lower())
    return code[0] if code and code[0] in LANGUAGES else DEFAULT
