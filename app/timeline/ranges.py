"""What the numbers in a frame's columns may be, checked for a whole column at a time.

The frames of our own worker keep to it; those of a recording may come from anywhere.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from app.errors import BadFrame
from app.timeline.model import NO_CPU, OPEN
from app.timeline.states import Evidence, FlowKind, Reason, State

Columns = dict[str, Sequence[Any]]

#: Times are f64, and exact below this: 104 days.
LATEST_NS = 1 << 53
#: Linux has fewer: NR_CPUS is at most 8192.
MOST_CPUS = 8192

_CODES = {
    "state": len(State),
    "reason": len(Reason),
    "evidence": len(Evidence),
    "reason_evidence": len(Evidence),
    "kind": len(FlowKind),
}


def check(slices: Columns, flows: Columns) -> None:
    """Raises BadFrame for a column that says what no run can: a time that is none, an end before
    its start, a code without a word, a CPU that no machine has.

    Ids and places are not checked: any u32 is a valid one, and may name something unknown.
    """
    if slices["track"]:
        _check_times("start_ns", slices["start_ns"])
        _check_ends(slices["start_ns"], slices["end_ns"])
        if min(slices["cpu"]) < NO_CPU or max(slices["cpu"]) >= MOST_CPUS:
            raise BadFrame("The frame's column cpu names a processor that there can't be.")
    for columns in (slices, flows):
        for name in columns.keys() & _CODES.keys():
            _check_codes(name, columns[name])
    if flows["kind"]:
        _check_times("from_ns", flows["from_ns"])
        _check_times("to_ns", flows["to_ns"])


def _check_codes(name: str, column: Sequence[Any]) -> None:
    known = bytes(range(_CODES[name]))
    if bytes(column).translate(None, known):
        raise BadFrame(f"The frame's column {name} has a code that this Timeslice does not know.")


def _check_times(name: str, column: Sequence[Any]) -> None:
    # A value that is not finite makes the sum so; `min` and `max` would pass over NaN.
    if not math.isfinite(sum(column)) or min(column) < 0 or max(column) > LATEST_NS:
        raise BadFrame(f"The frame's column {name} has a time that can't be.")


def _check_ends(starts: Sequence[Any], ends: Sequence[Any]) -> None:
    if not math.isfinite(sum(ends)) or max(ends) > LATEST_NS:
        raise BadFrame("The frame's column end_ns has a time that can't be.")
    # Starts are known not to be negative, so an open row also ends before its start.
    before = sum(map(operator.lt, ends, starts))
    if before != operator.countOf(ends, float(OPEN)):
        raise BadFrame("The frame has a slice that ends before its start.")
