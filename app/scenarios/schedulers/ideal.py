"""The textbook's schedule: which job has the CPU in which unit of time, with free switches.

Written from the textbooks' rules, not from ``program.py``: its tests hold it against published
charts, and the runs of the program are held against it. The rules where books differ:

* who arrives when a quantum ends stands in the queue before the job whose quantum it was, and
  before one whose I/O is over then;
* of equals the one that runs goes on, then the one that waits longer;
* shortest first goes by the CPU time up to the job's next I/O, or its end;
* a smaller number is a higher priority, and a higher one preempts;
* aging raises a job's priority by one for each ``aging`` units it waits, until it runs;
* feedback has three queues, of quanta q, 2q and 4q; a job that used its quantum up sinks by one,
  one that was preempted or did I/O stays, and has a new quantum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

LEVELS = 3


class Job(Protocol):
    """Times are units of CPU time; ``io_every`` is 0 for a job that does no I/O."""

    @property
    def name(self) -> str: ...
    @property
    def arrival(self) -> int: ...
    @property
    def burst(self) -> int: ...
    @property
    def priority(self) -> int: ...
    @property
    def io_every(self) -> int: ...
    @property
    def io_wait(self) -> int: ...
    @property
    def io_waits(self) -> int: ...  # how often


class Turn(NamedTuple):
    """The job had the CPU from ``start`` to ``end``."""

    name: str
    start: int
    end: int


class Times(NamedTuple):
    """Of one job, in units: what the textbooks' tables give, and when it was over."""

    turnaround: int
    waiting: int
    response: int
    end: int


@dataclass(slots=True, eq=False)
class _Live:
    job: Job
    used: int = 0  # CPU time so far
    turn: int = 0  # of it since it was chosen, or since its last quantum
    level: int = 0
    since: int = 0  # it waits since then

    def to_next_wait(self) -> int:
        """CPU time up to its next I/O, or its end."""
        every, left = self.job.io_every, self.job.burst - self.used
        return min(left, every - self.used % every) if every and self.job.io_wait else left


def ideal(policy: str, jobs: Sequence[Job], quantum: int = 1, aging: int = 0) -> list[Turn]:
    """The chart of ``policy``: ``fcfs``, ``sjf``, ``srtf``, ``rr``, ``priority`` or ``mlfq``.

    Raises KeyError for another one.
    """
    choose = _POLICIES[policy]
    coming = sorted(map(_Live, jobs), key=lambda live: live.job.arrival)
    waiting: list[tuple[int, _Live]] = []  # for I/O, until when
    ready: list[_Live] = []
    current: _Live | None = None
    turns: list[Turn] = []
    now = 0
    while coming or waiting or ready or current:
        back = [live for until, live in waiting if until <= now]
        new = [live for live in coming if live.job.arrival <= now]
        for live in [*new, *back]:
            live.since = now
        ready += [*new, *back]
        coming = coming[len(new) :]
        waiting = [(until, live) for until, live in waiting if until > now]
        chosen = choose(current, ready, now, quantum, aging)
        if chosen is not current:
            if current:
                current.since = now
                ready.append(current)
            if chosen:
                ready.remove(chosen)
                chosen.turn = 0
            current = chosen
        now += 1
        if current is None:
            continue
        if turns and turns[-1].name == current.job.name and turns[-1].end == now - 1:
            turns[-1] = turns[-1]._replace(end=now)
        else:
            turns.append(Turn(current.job.name, now - 1, now))
        waits = current.to_next_wait() == 1
        current.used += 1
        current.turn += 1
        if waits:
            if current.used < current.job.burst:
                waiting.append((now + current.job.io_wait, current))
                waiting.sort(key=lambda item: item[0])
            current = None
    return turns


def times(jobs: Sequence[Job], turns: Sequence[Turn]) -> dict[str, Times]:
    """What a chart means for each job."""
    found = {}
    for job in jobs:
        own = [turn for turn in turns if turn.name == job.name]
        end = own[-1].end
        turnaround = end - job.arrival
        found[job.name] = Times(
            turnaround=turnaround,
            waiting=turnaround - job.burst - job.io_waits * job.io_wait,
            response=own[0].start - job.arrival,
            end=end,
        )
    return found


# --- the policies: who of the current job and the ready queue has the next unit ------------------

_Choice = _Live | None


def _fcfs(current: _Choice, ready: list[_Live], now: int, quantum: int, aging: int) -> _Choice:
    return current or next(iter(ready), None)


def _sjf(current: _Choice, ready: list[_Live], now: int, quantum: int, aging: int) -> _Choice:
    return current or min(ready, key=_Live.to_next_wait, default=None)


def _srtf(current: _Choice, ready: list[_Live], now: int, quantum: int, aging: int) -> _Choice:
    return min([current, *ready] if current else ready, key=_Live.to_next_wait, default=None)


def _rr(current: _Choice, ready: list[_Live], now: int, quantum: int, aging: int) -> _Choice:
    if current and current.turn == quantum:
        current.turn = 0
        return next(iter(ready), current)
    return current or next(iter(ready), None)


def _priority(current: _Choice, ready: list[_Live], now: int, quantum: int, aging: int) -> _Choice:
    def number(live: _Live) -> int:
        waited = 0 if live is current else now - live.since
        return live.job.priority - (waited // aging if aging else 0)

    return min([current, *ready] if current else ready, key=number, default=None)


def _mlfq(current: _Choice, ready: list[_Live], now: int, quantum: int, aging: int) -> _Choice:
    line = [current, *ready] if current else ready
    if current and current.turn == quantum << current.level:
        current.turn, current.level = 0, min(current.level + 1, LEVELS - 1)
        line = [*ready, current]  # behind those of its new level
    return min(line, key=lambda live: live.level, default=None)


class _Policy(Protocol):
    def __call__(
        self, current: _Choice, ready: list[_Live], now: int, quantum: int, aging: int
    ) -> _Choice: ...


_POLICIES: dict[str, _Policy] = {
    "fcfs": _fcfs,
    "sjf": _sjf,
    "srtf": _srtf,
    "rr": _rr,
    "priority": _priority,
    "mlfq": _mlfq,
}
