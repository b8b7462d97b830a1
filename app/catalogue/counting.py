"""English singular and plural: once, 2 times, 1 loop, 2 loops. Chinese has no such forms."""

from __future__ import annotations


def times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def counted(count: int, one: str, many: str = "") -> str:
    """The count with its noun; ``many`` is the plural if it isn't ``one`` with an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"
