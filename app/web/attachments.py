"""The header under which a browser saves a file."""

from __future__ import annotations

from urllib.parse import quote


def attachment(name: str) -> str:
    """``Content-Disposition`` for a file of this name, of whatever letters.

    RFC 6266 with RFC 8187; a plain name stands as it is, any other is coded.
    """
    coded = quote(name, safe="")
    if coded == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{coded}"
