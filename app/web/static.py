"""Static files under addresses that change with their content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_FOREVER = "public, max-age=31536000, immutable"
_IMPORT = re.compile(r'(?:from|^import)\s+"(\.[^"]+)";', re.MULTILINE)
_HASHED = re.compile(r"([0-9a-f]{12})/(.+)", re.DOTALL)


class Static(StaticFiles):
    """Files of ``root``, also served below a folder named by the hash of all of them.

    Modules import one another by relative paths, so they stay within that folder. A browser may
    keep files of the current hash for ever; it asks again for all others.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(directory=root)
        self.root = root
        self._known: tuple[list[tuple[str, int, int]], str] = ([], "")
        self._modules: tuple[str, dict[str, list[str]]] = ("", {})

    def addresses(self) -> Callable[[str], str]:
        """The function from a path (``css/base.css``) to its address while no file changes; that
        function raises FileNotFoundError."""
        prefix = f"/static/{self._tree()}"

        def url(path: str) -> str:
            if not (self.root / path).is_file():
                raise FileNotFoundError(path)
            return f"{prefix}/{path}"

        return url

    def modules(self, first: str = "js/pages/run.js") -> list[str]:
        """The paths of all modules that ``first`` imports, directly or not."""
        tree = self._tree()
        if self._modules[0] != tree:
            self._modules = (tree, {})
        known = self._modules[1]
        if first not in known:
            known[first] = self._imported(first)
        return known[first]

    def _imported(self, first: str) -> list[str]:
        root = self.root.resolve()
        found, ahead = set[Path](), [root / first]
        while ahead:
            module = ahead.pop()
            found.add(module)
            imported = _IMPORT.findall(module.read_text("utf-8"))
            ahead += {(module.parent / path).resolve() for path in imported} - found
        return sorted(path.relative_to(root).as_posix() for path in found - {root / first})

    def _tree(self) -> str:
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        states = [(path, path.stat()) for path in files]
        seen = [(path.as_posix(), stat.st_mtime_ns, stat.st_size) for path, stat in states]
        if seen != self._known[0]:
            whole = hashlib.sha256()
            for path in files:
                name = path.relative_to(self.root).as_posix()
                whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
            self._known = (seen, whole.hexdigest()[:12])
        return self._known[1]

    async def get_response(self, path: str, scope: Scope) -> Response:
        hashed = _HASHED.fullmatch(path)
        response = await super().get_response(hashed[2] if hashed else path, scope)
        # Compared with the hash that pages were last given: walking the tree is too expensive here.
        current = hashed is not None and hashed[1] == self._known[1]
        response.headers["Cache-Control"] = _FOREVER if current else "no-cache"
        return response
