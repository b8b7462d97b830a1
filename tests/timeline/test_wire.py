"""The kinds of probe records: declared once, and known to everyone who writes or reads them."""

from __future__ import annotations

import ast
from pathlib import Path

from app.timeline import wire

ROOT = Path(__file__).parents[2]
#: The numbers of ``wire`` that are no kinds of records.
_OTHERS = {
    "CAPACITY_MAX",
    "FLAGS_OFFSET",
    "FOLLOWED",
    "HEADER_SIZE",
    "HEAD_OFFSET",
    "INNER",
    "SENDS",
    "SLOT_SIZE",
    "TEXT",
    "TEXT_MAX",
    "VERSION",
}


def numbers() -> dict[str, int]:
    return {
        name: value
        for name, value in vars(wire).items()
        if name.isupper() and isinstance(value, int) and name not in _OTHERS
    }


def test_kinds_are_all_numbers_of_the_file_but_those_that_are_none() -> None:
    assert sorted(numbers().values()) == sorted(wire.KINDS)
    assert len(set(wire.KINDS)) == len(wire.KINDS), "two kinds have one number"
    assert all(0 < kind < wire.TEXT for kind in wire.KINDS)


def test_kinds_are_those_that_fusion_dispatches() -> None:
    keys = {
        key.attr
        for path in (ROOT / "app" / "fusion").glob("**/*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Attribute)
        and isinstance(key.value, ast.Name)
        and key.value.id == "wire"
    }
    assert keys == numbers().keys()


def test_kinds_have_all_that_the_probe_writes() -> None:
    used = {
        node.attr
        for path in (ROOT / "app" / "probe").glob("**/*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "wire"
        and isinstance(getattr(wire, node.attr, None), int)
    } - _OTHERS
    assert len(used) > 30
    assert {name for name in used if getattr(wire, name) not in wire.KINDS} == set()
