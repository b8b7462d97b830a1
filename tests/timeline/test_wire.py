"""The kinds of probe records: declared once, and known to everyone who writes or reads them."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.fusion import Fusion, RunFacts
from app.probe.system import main_end
from app.timeline import probe_records, wire
from app.timeline.probe_records import TYPES, ProbeRecord
from app.timeline.records import RECORD_TYPES

ROOT = Path(__file__).parents[2]


def kinds() -> Iterator[tuple[str, ast.Call]]:
    """The name of each kind in ``wire``, and the call that declares it."""
    for node in ast.parse((ROOT / "app/timeline/wire.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            function, (target,) = node.value.func, node.targets
            if isinstance(function, ast.Name) and function.id == "_kind":
                assert isinstance(target, ast.Name)
                yield target.id, node.value


def test_kinds_have_a_number_of_their_own() -> None:
    names = dict(kinds())
    numbers = [getattr(wire, name) for name in names]
    assert sorted(wire.FIELDS) == sorted(numbers)
    assert len(set(numbers)) == len(numbers) > 40, "two kinds have one number"
    assert all(0 < kind < wire.TEXT for kind in numbers)


def test_kinds_have_a_type_each_for_the_worker() -> None:
    names = {name: getattr(wire, name) for name, _ in kinds()}
    spelled = {
        re.sub(r"\B(?=[A-Z])", "_", kind.__name__).upper(): number for number, kind in TYPES.items()
    }
    assert spelled == names
    assert set(TYPES.values()) < set(RECORD_TYPES)


@pytest.mark.parametrize("kind", TYPES)
def test_kinds_name_the_numbers_of_their_slot(kind: int) -> None:
    record = ProbeRecord(1, 2, 3, 4, kind, 10, 11, 12, 13, "text")
    assert type(record) is TYPES[kind]
    for name, value in zip(wire.FIELDS[kind], (10, 11, 12, 13, "text"), strict=True):
        if name:
            assert getattr(record, name) == value
    assert type(record._replace(b=0)) is TYPES[kind]
    assert not hasattr(record, "__dict__"), "takes room and time"


def test_kinds_an_unknown_one_is_a_record_without_names() -> None:
    assert type(ProbeRecord(1, 2, 3, 4, 999, 0, 0, 0, 0, "")) is ProbeRecord


def test_kinds_with_other_names_than_those_of_the_wire_are_refused() -> None:
    with pytest.raises(TypeError, match="the names of its kind"):
        types.new_class("Enter", (ProbeRecord,), {"kind": wire.ENTER})
    assert TYPES[wire.ENTER] is probe_records.Enter


def test_kinds_are_those_that_fusion_handles() -> None:
    assert set(RECORD_TYPES) == Fusion(RunFacts(0, 1))._handlers.keys()


def test_kinds_have_all_that_the_probe_writes() -> None:
    """And write nothing where a kind has no name for it."""
    used = set()
    for path in (ROOT / "app" / "probe").glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            kind = node.args[0] if node.args else None
            if node.func.attr not in ("emit", "text") or not isinstance(kind, ast.Attribute):
                continue
            used.add(kind.attr)
            fields = wire.FIELDS[getattr(wire, kind.attr)]
            for name, value in zip(fields, node.args[1:], strict=False):
                nothing = isinstance(value, ast.Constant) and not value.value
                assert name or nothing, f"{path.name}:{node.lineno} writes what has no name"
    assert len(used) > 30
    assert used <= {name for name, _ in kinds()}


def test_outcomes_that_the_start_of_the_probe_repeats_are_those_of_the_wire() -> None:
    outcomes = (wire.RETURNED, wire.RAISED, wire.EXITED)
    assert outcomes == (main_end.RETURNED, main_end.RAISED, main_end.EXIT)
