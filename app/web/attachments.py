"""Names of files that a browser saves."""

from __future__ import annotations

from urllib.parse import quote


def attachment(name: str) -> dict[str, str]:
    """The header that saves the answer under ``name``, which may have any letters (RFC 6266)."""
    coded = quote(name.encode("utf-8", "replace"), safe="")
    plain = coded == name
    said = f'filename="{name}"' if plain else f"filename*=UTF-8''{coded}"
    return {"Content-Disposition": f"attachment; {said}"}
