"""Fusion is pure: nothing in it can look at a clock, a file, a socket or another thread."""

from __future__ import annotations

import ast
from pathlib import Path

import app.fusion

#: Modules of the standard library without input, output, clocks or threads of their own.
HARMLESS = {
    "__future__", "ast", "bisect", "codecs", "collections", "dataclasses", "enum",
    "functools", "heapq", "itertools", "marshal", "operator", "re", "signal", "typing",
}  # fmt: skip


def test_fusion_imports_only_itself_the_timeline_and_harmless_modules() -> None:
    for source in sorted(Path(app.fusion.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                allowed = name.startswith(("app.fusion", "app.timeline"))
                assert allowed or name.partition(".")[0] in HARMLESS, (source.name, name)


def test_fusion_uses_of_signal_only_the_names() -> None:
    used = set()
    for source in Path(app.fusion.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "signal"
            ):
                used.add(node.attr)
    assert used == {"Signals"}
