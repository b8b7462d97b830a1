"""Makes text of a program safe to print: a terminal obeys some characters."""

from __future__ import annotations

import unicodedata


def printable(text: str, keep: str = "") -> str:
    """``text`` with invisible characters spelled out, as in ``\\x1b``; those in ``keep`` stay.

    Escape sequences move the cursor, rename the window and hide what was printed. Overrides of the
    direction (Unicode Annex 9) reverse the order of letters. Half a character can't be encoded.
    """
    if text.isprintable():
        return text
    return "".join(one if one in keep or _harmless(one) else _spelled(one) for one in text)


def _harmless(one: str) -> bool:
    # Marks that join letters (Cf: U+200C, U+200D) are part of names in some scripts.
    return one.isprintable() or unicodedata.category(one) == "Zs" or one in "\u200c\u200d"


def _spelled(one: str) -> str:
    return one.encode("unicode_escape", "backslashreplace").decode()
