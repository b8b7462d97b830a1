"""Names and texts of other people's on a terminal, which takes some characters for orders."""

from __future__ import annotations

import unicodedata


def printable(text: str, keep: str = "") -> str:
    """``text`` with what is no visible character spelled out, as ``\\x1b``; ``keep`` as it is.

    Escapes move the cursor, rename the window and hide what was printed; overrides of the
    direction (Unicode Annex 9) turn the order of letters round; half a letter can't be written.
    """
    if text.isprintable():
        return text
    return "".join(one if one in keep or _harmless(one) else _spelled(one) for one in text)


def _harmless(one: str) -> bool:
    # Marks that join letters (Cf: U+200C, U+200D) are part of names in some scripts.
    return one.isprintable() or unicodedata.category(one) == "Zs" or one in "\u200c\u200d"


def _spelled(one: str) -> str:
    return one.encode("unicode_escape", "backslashreplace").decode()
