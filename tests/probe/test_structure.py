"""The probe's rooms: which of them imports which, and that every hook in the table exists."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import app.probe

PROBE = Path(app.probe.__file__).parent

#: Each room with the rooms that its files import or load by name: those above it and no others.
#: ``app/probe/__init__.py`` says what is in each.
ROOMS: dict[str, set[str]] = {
    "recording": set(),
    "hooks": {"recording"},
    "system": {"recording", "hooks"},
    "generators": {"recording", "hooks"},
    "threading_": {"recording", "hooks", "system", "generators"},
    "multiprocessing_": {"recording", "hooks", "system", "threading_"},
    "executors": {"recording", "hooks", "threading_"},
    "asyncio_": {"recording", "hooks", "threading_"},
    "trio_": {"recording", "hooks"},
    "greenlets": {"recording", "hooks"},
    "loading": {
        "recording", "hooks", "system", "generators", "threading_", "multiprocessing_",
        "executors", "asyncio_", "trio_", "greenlets",
    },
}  # fmt: skip


def files() -> Iterator[tuple[str, Path, ast.Module]]:
    """Every module that is loaded into programs: its room, its path and its syntax tree."""
    for room in ROOMS:
        for path in sorted((PROBE / room).glob("*.py")):
            yield room, path, ast.parse(path.read_text("utf-8"))


def rooms_of(tree: ast.Module) -> Iterator[str]:
    """The rooms that a file imports, or of which it names a module in a string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 2:
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            room, _, module = node.value.lstrip(".").partition(".")
            if room in ROOMS and (PROBE / room / f"{module}.py").is_file():
                yield room


def test_probe_every_room_is_in_the_table() -> None:
    rooms = {path.parent.name for path in PROBE.glob("*/__init__.py")}
    assert rooms == set(ROOMS)


def test_probe_rooms_import_only_rooms_above_them() -> None:
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for room, _, tree in files():
        found[room] |= set(rooms_of(tree)) - {room}
    assert found == ROOMS
    order = list(ROOMS)
    for room, imported in ROOMS.items():
        below = [other for other in imported if order.index(other) > order.index(room)]
        assert not below, f"{room} imports {below}, which the table lists after it"


def test_probe_loads_nothing_but_the_standard_library() -> None:
    lawful = sys.stdlib_module_names | {"app"}  # app.timeline.wire, for the type checker alone
    for _, path, tree in files():
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                assert name.partition(".")[0] in lawful, f"{path.name} imports {name}"
                assert not name.startswith("app") or name == "app.timeline", path.name


def test_probe_every_hook_of_the_table_exists() -> None:
    tree = ast.parse((PROBE / "loading/install.py").read_text("utf-8"))
    tables = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "HOOKS"
    ]
    assert len(tables) == 1
    for module, function in tables[0].values():
        path = PROBE / (module.replace(".", "/") + ".py")
        defined = {
            node.name
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        assert function in defined, f"{path.name} has no {function}"
