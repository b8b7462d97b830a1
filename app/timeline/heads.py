"""The head of a frame: every entry once, with the rule by which later heads are folded into it.

All that write, merge or read heads go by ``HEAD``: ``frame_of``, ``Fold``, ``join``, the timeline.
Two more lists of the same entries exist, and tests hold them to this one: ``app/runs/schema.py``
says which values a recording from elsewhere may hold, and ``static/js/model`` folds heads in the
browser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from app.timeline import head_items as items
from app.timeline.frames import Frame
from app.timeline.head_items import Codec
from app.timeline.model import Batch, Level, Output, Seen, Stats, Stolen
from app.timeline.rows import without_replaced


class Rule(Enum):
    """What an entry does to the same entry of the heads before."""

    #: A list: an item replaces the earlier one with the same key.
    KEYED = 1
    #: A list: its items follow the earlier ones.
    APPENDED = 2
    #: An object: a member replaces the earlier one of the same name.
    UPDATED = 3
    #: Any value: it replaces the earlier one.
    REPLACED = 4


class Entry(NamedTuple):
    """One entry of a head."""

    name: str
    rule: Rule
    #: How an item is written and read. None: the value is JSON in the model, too.
    codec: Codec | None = None
    #: KEYED: the field that identifies an item, in JSON and in the model.
    key: str = ""
    #: A timeline keeps the items apart by the value of this field, the first of an item.
    apart: str = ""
    #: Whether fusion decides it, so that a batch has a field for it; else the worker adds it.
    fused: bool = True
    #: Whether a timeline keeps it.
    kept: bool = True

    def start(self) -> Any:
        """What ``fold`` begins with."""
        return _START[self.rule]()

    def fold(self, known: Any, new: Any, key_of: Callable[[Any], Any] | None) -> Any:
        """``known`` with ``new``, which came later. Items of a KEYED entry lie in a dict by key;
        ``key_of`` gives the key of an item.
        """
        if self.rule is Rule.KEYED:
            assert key_of is not None
            known.update((key_of(item), item) for item in new)
        elif self.rule is Rule.APPENDED:
            known += new
        elif self.rule is Rule.UPDATED:
            known.update(new)
        else:
            return new
        return known


_START: dict[Rule, Callable[[], Any]] = {
    Rule.KEYED: dict,
    Rule.APPENDED: list,
    Rule.UPDATED: dict,
    Rule.REPLACED: lambda: None,
}

#: In the order in which a frame has them.
HEAD: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("run", Rule.UPDATED, fused=False),
        Entry("state", Rule.REPLACED, fused=False),  # running or ended
        Entry("vocabulary", Rule.REPLACED, fused=False, kept=False),  # what codes mean
        Entry("tracks", Rule.KEYED, items.TRACK, key="id"),
        Entry("objects", Rule.KEYED, items.OBJECT, key="id"),
        Entry("output", Rule.APPENDED, items.members(Output)),
        Entry("findings", Rule.KEYED, items.FINDING, key="id"),
        Entry("claims", Rule.KEYED, key="id", fused=False),
        Entry("beside", Rule.REPLACED, fused=False),  # what the scenario's theory expects
        Entry("stats", Rule.KEYED, items.members(Stats), key="track"),
        Entry("files", Rule.REPLACED),  # names of all files but the program's own
        Entry("seen", Rule.APPENDED, items.array(Seen), apart="track"),
        Entry("levels", Rule.APPENDED, items.array(Level), apart="object"),
        Entry("stolen", Rule.APPENDED, items.array(Stolen)),
        Entry("dropped", Rule.REPLACED),  # how many records are lost so far
        Entry("failure", Rule.REPLACED, fused=False, kept=False),  # a fault of ours, in English
        Entry("failure_told", Rule.REPLACED, fused=False, kept=False),  # its templates and values
    )
}
FUSED = tuple(entry for entry in HEAD.values() if entry.fused)


def frame_of(batch: Batch, seq: int, now_ns: int, **head: Any) -> Frame:
    """The frame that carries ``batch``; ``head`` adds entries such as ``run`` or ``claims``."""
    for entry in FUSED:
        if value := getattr(batch, entry.name):
            head[entry.name] = value if entry.codec is None else entry.codec.written(value)
    return Frame(seq, now_ns, head, batch.slices, batch.flows)


def join(batches: Sequence[Batch]) -> Batch:
    """One batch that says what ``batches`` say in order."""
    if len(batches) == 1:
        return batches[0]
    joined = Batch(
        slices=without_replaced(list(chain.from_iterable(batch.slices for batch in batches))),
        flows=list(chain.from_iterable(batch.flows for batch in batches)),
    )
    for entry in FUSED:
        known = entry.start()
        key_of = attrgetter(entry.key) if entry.key else None
        for batch in batches:
            if value := getattr(batch, entry.name):
                known = entry.fold(known, value, key_of)
        if known:
            value = list(known.values()) if entry.rule is Rule.KEYED else known
            setattr(joined, entry.name, value)
    return joined


class Fold:
    """The entries of many heads, folded in their order into those of one."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._known: dict[str, Any] = {}
        self._lists = {
            entry.name: entry.start()
            for rule in (Rule.KEYED, Rule.APPENDED)
            for entry in HEAD.values()
            if entry.rule is rule
        }

    def add(self, head: dict[str, Any]) -> None:
        """An entry that isn't in ``HEAD``, of a newer Timeslice, replaces the earlier one."""
        for name, value in head.items():
            entry = HEAD.get(name, _UNKNOWN)
            known = self._lists if name in self._lists else self._known
            earlier = known[name] if name in known else entry.start()
            known[name] = entry.fold(earlier, value, _KEY_OF.get(name))

    def head(self) -> dict[str, Any]:
        """The one head. It shares its values with this fold and with what was added."""
        lists = {
            name: list(items.values()) if isinstance(items, dict) else items
            for name, items in self._lists.items()
            if items
        }
        return {**self._known, **lists}


_UNKNOWN = Entry("", Rule.REPLACED)
_KEY_OF = {entry.name: itemgetter(entry.key) for entry in HEAD.values() if entry.key}
