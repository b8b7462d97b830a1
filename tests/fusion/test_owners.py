"""What is remembered of a thread has owners: each part of its life is written by one module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from app.fusion.lives.flow_ends import FlowEnds
from app.fusion.lives.gil import Gil, GilClaim
from app.fusion.lives.lives import Loop, ThreadLife
from app.fusion.lives.sampled import Looks, Readings
from app.fusion.lives.stop import Stop
from app.fusion.lives.switch_count import RunQueueReadings, SwitchCount

FUSION = Path(__file__).parents[2] / "app/fusion"

#: The module that writes each part, beside its own methods.
OWNERS: dict[type, str] = {
    FlowEnds: "between/flows.py",
    Gil: "lives/gil_rules.py",
    GilClaim: "lives/gil_rules.py",
    Loop: "coroutines/machine.py",
    Looks: "threads/between_looks.py",
    Readings: "threads/samples.py",
    RunQueueReadings: "threads/run_queue.py",
    Stop: "threads/off_cpu.py",
    SwitchCount: "threads/switches.py",
}
#: The modules that write what a thread's life has beside its parts. What is not named here is set
#: when the life is made, and never again.
WRITERS: dict[str, set[str]] = {
    "awaited": {
        "between/deadlocks.py", "coroutines/machine.py", "lives/lives.py", "objects/objects.py",
    },
    "counted": {"threads/cpu_accounts.py"},
    "cpu": {
        "between/endings.py", "records/probe_records.py", "threads/between_looks.py",
        "threads/switches.py",
    },
    "doubtful": {"fusion.py", "records/probe_records.py"},
    "ending": {"between/endings.py"},
    "exited": {"between/endings.py"},
    "line_seen_at": {"threads/operations.py"},
    "name_rank": {"lives/identities.py"},
    "obj": {"records/probe_records.py"},
    "op": {
        "between/deadlocks.py", "coroutines/waits.py", "threads/operations.py",
        "threads/switches.py",
    },
    "python": {"between/flows.py", "records/probe_records.py", "threads/switches.py"},
    "ring": {"records/probe_records.py", "threads/switches.py"},
    "runnable_since": {"threads/switches.py"},
    "started": {"records/probe_records.py"},
    "woken_early": {"threads/switches.py"},
}  # fmt: skip
#: Of these names other classes have attributes, too.
SHARED = {"lane", "process", "tid", "track"}


def written() -> Iterator[tuple[str, str]]:
    """Module and attribute of each write of ``x.attribute``, unless a class writes its own."""
    for path in sorted(FUSION.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
                continue
            if ast.unparse(node.value) != "self":
                yield str(path.relative_to(FUSION)), node.attr


def test_owners_alone_write_the_parts_of_a_life() -> None:
    parts = {slot: part for part in OWNERS for slot in part.__slots__}  # type: ignore[attr-defined]
    wrong = []
    for module, attribute in written():
        part = parts.get(attribute)
        if part is not None and module != OWNERS[part]:
            wrong.append(f"{module} writes {part.__name__}.{attribute}; {OWNERS[part]} owns it")
    assert not wrong, "\n".join(wrong)


def test_owners_of_what_a_life_has_beside_its_parts() -> None:
    found: dict[str, set[str]] = {}
    for module, attribute in written():
        if attribute in ThreadLife.__slots__ and attribute not in SHARED:
            found.setdefault(attribute, set()).add(module)
    assert found == WRITERS


def test_owners_parts_have_names_of_their_own() -> None:
    names = [slot for part in OWNERS for slot in part.__slots__]  # type: ignore[attr-defined]
    assert len(names) == len(set(names)) and not set(names) & set(ThreadLife.__slots__)
