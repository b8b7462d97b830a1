"""The entries of a head: declared in one table, which all other lists of them agree with."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.runs import schema
from app.timeline.frames import Frame, decode, encode
from app.timeline.heads import FUSED, HEAD, Fold, Rule, join
from app.timeline.model import (
    OPEN,
    Batch,
    Finding,
    Level,
    ObjectRow,
    Output,
    Seen,
    Slice,
    Stats,
    Stolen,
    Track,
)
from app.timeline.states import State
from app.timeline.timeline import Timeline
from tests.merging import APPENDED, KEYED, merge

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "static/js/model"
#: What the items of an entry are in the model.
ITEMS: dict[str, Any] = {
    "tracks": Track,
    "objects": ObjectRow,
    "output": Output,
    "findings": Finding,
    "stats": Stats,
    "seen": Seen,
    "levels": Level,
    "stolen": Stolen,
}


def fields(kind: Any) -> list[str]:
    return list(getattr(kind, "_fields", None) or [one.name for one in dataclasses.fields(kind)])


def test_heads_a_batch_has_the_fused_entries_and_rows() -> None:
    assert sorted([entry.name for entry in FUSED] + ["slices", "flows"]) == sorted(fields(Batch))


def test_heads_a_timeline_keeps_what_the_table_says() -> None:
    start = {Rule.KEYED: dict, Rule.APPENDED: list, Rule.UPDATED: dict}
    attributes = vars(Timeline())
    for entry in HEAD.values():
        assert (entry.name in attributes) == entry.kept, entry.name
        if entry.kept and entry.rule in start:
            kind = dict if entry.apart else start[entry.rule]
            assert type(attributes[entry.name]) is kind, entry.name


def test_heads_the_public_json_has_what_a_timeline_keeps() -> None:
    value = Timeline([Frame(0, 0, {"beside": {"title": "what should have been"}})]).to_json()
    of_the_run = {"run", "state", "dropped"}
    kept = {entry.name for entry in HEAD.values() if entry.kept} - of_the_run - {"files"}
    assert kept | {"run", "slices", "flows"} == value.keys()
    assert of_the_run - {"run"} <= value["run"].keys()


def test_heads_the_rules_are_those_that_merging_is_tested_by() -> None:
    keyed = {name: entry.key for name, entry in HEAD.items() if entry.rule is Rule.KEYED}
    assert keyed == KEYED
    assert tuple(n for n, entry in HEAD.items() if entry.rule is Rule.APPENDED) == APPENDED


def test_heads_items_are_those_of_the_model() -> None:
    assert {name for name, entry in HEAD.items() if entry.codec} == ITEMS.keys()
    for name, kind in ITEMS.items():
        entry = HEAD[name]
        assert not entry.key or entry.key in fields(kind)
        assert not entry.apart or entry.apart == fields(kind)[0]


def test_heads_the_schema_of_recordings_has_the_same_entries_and_items() -> None:
    hints = get_type_hints(schema.Head)
    assert hints.keys() == HEAD.keys() | {"rows"}
    for name, kind in ITEMS.items():
        item: Any = get_args(hints[name])[0]
        if HEAD[name].codec.as_array:  # type: ignore[union-attr]
            assert len(get_args(item)) == len(fields(kind)), name
        else:
            assert list(get_type_hints(item)) == fields(kind), name


def test_heads_the_browser_has_the_same_entries() -> None:
    head = re.search(r"@typedef \{object\} Head\n(.*?)\*/", (MODEL / "shapes.js").read_text(), re.S)
    assert head is not None
    assert set(re.findall(r"@property \{.*?\} \[(\w+)\]", head[1])) == HEAD.keys()


@pytest.mark.parametrize("name", sorted(HEAD.keys() - {"vocabulary"}))  # the page has its own words
def test_heads_the_browser_folds_every_entry(name: str) -> None:
    assert re.search(rf"\bhead\.{name}\b", (MODEL / "timeline.js").read_text())


@pytest.mark.parametrize("name", HEAD)
def test_heads_every_entry_is_documented(name: str) -> None:
    docs = "".join(path.read_text("utf-8") for path in ROOT.glob("docs/*.md"))
    assert f"`{name}`" in docs


def test_heads_a_fold_leaves_what_it_is_given_as_it_is() -> None:
    first, second = {"run": {"id": "a"}, "output": [1]}, {"run": {"exit": 0}, "output": [2]}
    fold = Fold()
    fold.add(first)
    fold.add(second)
    assert fold.head() == {"run": {"id": "a", "exit": 0}, "output": [1, 2]}
    assert first == {"run": {"id": "a"}, "output": [1]}


def test_heads_an_unknown_entry_replaces_the_earlier_one() -> None:
    fold = Fold()
    for value in ([1], [2]):
        fold.add({"of a newer version": value})
    assert fold.head() == {"of a newer version": [2]}


# --- the law of the open row ---------------------------------------------------------------------

#: Also rows that no run has: of a track in any order, and open ones between closed ones.
ROWS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(0, 20),
        st.one_of(st.just(OPEN), st.integers(20, 30)),
        st.sampled_from(State),
    ).map(lambda values: Slice(*values)),
    max_size=6,
)


@given(st.lists(ROWS, max_size=5))
def test_rows_batches_joined_and_frames_merged_say_the_same(parts: list[list[Slice]]) -> None:
    frames = [Frame(seq, 99, {}, rows) for seq, rows in enumerate(parts)]
    whole = Timeline(frames).slices
    assert all(row.end_ns != OPEN for rows in whole.values() for row in rows[:-1])
    assert Timeline([merge(frames)]).slices == whole
    if parts:
        joined = join([Batch(slices=rows) for rows in parts])
        assert Timeline([Frame(0, 99, {}, joined.slices)]).slices == whole
        assert decode(encode(Frame(0, 99, {}, joined.slices))).slices == joined.slices
