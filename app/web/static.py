"""Static files under addresses that change with their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOREVER = "public, max-age=31536000, immutable"


class Static(StaticFiles):
    """Files of ``root``. With the right ``?v=`` they may be kept for ever, else are asked about.

    Modules import one another without ``?v=``: those are revalidated by their ETag.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(directory=root)
        self.root = root
        self._known: dict[str, tuple[int, str]] = {}

    def url(self, path: str) -> str:
        """The address of ``path`` (``css/base.css``); raises FileNotFoundError."""
        return f"/static/{path}?v={self._hash(path)}"

    def _hash(self, path: str) -> str:
        file = self.root / path
        changed = file.stat().st_mtime_ns
        known = self._known.get(path)
        if known is None or known[0] != changed:
            known = (changed, hashlib.sha256(file.read_bytes()).hexdigest()[:12])
            self._known[path] = known
        return known[1]

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        wanted = b"v=" + self._hash(path).encode() if response.status_code == 200 else b""
        current = wanted and scope["query_string"] == wanted
        response.headers["Cache-Control"] = _FOREVER if current else "no-cache"
        return response
