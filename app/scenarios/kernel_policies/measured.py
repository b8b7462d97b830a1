"""What a run shows of the four processes: who wanted the CPU, who had it, who waited for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from app.catalogue.claims import NotSeen, Span
from app.catalogue.spans import clip, common, lines, merged, named, root, said, total
from app.scenarios.kernel_policies.settings import Settings, weight
from app.timeline.states import Reason, State
from app.timeline.timeline import Timeline

ORDINARY = ("ordinary-1", "ordinary-2")
_SAID = re.compile(r"(\w+-\d): SCHED_(\w+), nice (-?\d+)(?:, turns of (\d+) ms)?$")
_GOES_ON = "ordinary-1 goes on"
#: The four have at least this part of their CPU, or the machine is too crowded to tell of waits.
_OURS = 0.9


class Turn(NamedTuple):
    """From its first instant to its last, and how long it had the CPU meanwhile."""

    span: Span
    ran_ns: int


class Four:
    """The four processes of a run. Raises NotSeen where it has not shown them, or where the two
    others were not granted their policy."""

    def __init__(self, timeline: Timeline, params: Settings) -> None:
        root(timeline)
        self.timeline = timeline
        self.others = tuple(f"{params.policy}-{number}" for number in (1, 2))
        names = (*ORDINARY, *self.others)
        self.tracks = dict(zip(names, named(timeline, *names), strict=True))
        self.weights: dict[str, float] = {}
        self.round_robin_ns = 0  # a turn of SCHED_RR, as the kernel says
        self.start_ns = 0  # of the computing: each has said its policy
        for line in lines(timeline):
            if (match := _SAID.match(line.text)) and match[1] in names:
                self.weights[match[1]] = weight(match[2], int(match[3]))
                self.round_robin_ns = max(self.round_robin_ns, int(match[4] or 0) * 1_000_000)
                self.start_ns = max(self.start_ns, line.ns)
                if match[1] in self.others and match[2] != params.kind:
                    raise _refused(timeline, params)
        if len(self.weights) < len(names):
            raise NotSeen(en="Not all four said their policy.", zh="四个进程没有都说明自己的策略。")
        goes_on = said(timeline, _GOES_ON)
        self.middle_ns = goes_on[0].ns if goes_on else timeline.now_ns

    def had(self, name: str) -> list[Span]:
        """When it had the CPU while all were to compute."""
        rows = self.timeline.of(self.tracks[name], State.RUNNING)
        return clip(rows, self.start_ns, self.middle_ns)

    def wanted(self, name: str) -> list[Span]:
        """When it had the CPU or stood on its run queue while all were to compute."""
        rows = self.timeline.of(self.tracks[name], State.RUNNING, State.READY)
        return merged(clip(rows, self.start_ns, self.middle_ns))

    def all_want(self, names: Iterable[str]) -> list[Span]:
        """When each of these wanted the CPU while all were to compute."""
        return reduce(common, (self.wanted(name) for name in names))

    def computing(self, name: str) -> list[Span]:
        """From its first instant of wanting the CPU to compute to its last: what it wants to meet
        the others, before and after, is no part of it."""

        def ran(span: Span) -> int:
            return total(clip(self.had(name), span.start_ns, span.end_ns))

        return [max(self.wanted(name), key=ran)] if self.had(name) else []

    def turns(self, *names: str) -> list[Turn]:
        """The turns that these had while all of them were computing: one's running until another
        one of them has it."""
        window = reduce(common, (self.computing(name) for name in names))
        rows = sorted(
            (row for name in names for row in common(self.had(name), window)),
            key=lambda row: row.start_ns,
        )
        found: list[Turn] = []
        for row in rows:
            if found and found[-1].span.track == row.track:
                span, ran_ns = found[-1]
                found[-1] = Turn(span._replace(end_ns=row.end_ns), ran_ns + row.length_ns)
            else:
                found.append(Turn(row, row.length_ns))
        return found

    def turn_ns(self) -> float:
        """For how long an ordinary process has the CPU before the other one has."""
        found = self.turns(*ORDINARY)
        if len(found) < 4:
            raise NotSeen(
                en="The ordinary ones hardly shared the CPU.", zh="普通进程几乎没有共用 CPU。"
            )
        return fmean(turn.ran_ns for turn in found[1:-1])

    @property
    def busy(self) -> Span:
        """When ordinary-1 computed on, beside those that sleep and wake up."""
        rows = self.timeline.of(self.tracks[ORDINARY[0]], State.RUNNING)
        rows = [row for row in rows if row.start_ns >= self.middle_ns]
        if not rows:
            raise NotSeen(en="ordinary-1 did not go on.", zh="ordinary-1 没有继续计算。")
        return Span(self.tracks[ORDINARY[0]].id, self.middle_ns, rows[-1].end_ns)

    def waits(self, *names: str) -> list[Span]:
        """How long each stood ready when it woke up while ordinary-1 computed; longer waits than
        that are cut at its end."""
        busy, found = self.busy, []
        for name in names:
            rows = self.timeline.of(self.tracks[name])
            for slept, after in pairwise(rows):
                if slept.state is not State.BLOCKED or slept.reason is not Reason.SLEEP:
                    continue
                if busy.start_ns <= slept.start_ns and slept.end_ns < busy.end_ns:
                    end = after.end_ns if after.state is State.READY else after.start_ns
                    found.append(Span(slept.track, slept.end_ns, min(end, busy.end_ns)))
        if not found:
            raise NotSeen(
                en=f"{' and '.join(names)} did not wake up while ordinary-1 computed.",
                zh=f"ordinary-1 计算期间，{'、'.join(names)} 没有醒来过。",
            )
        return found

    def need_quiet(self) -> None:
        """Raises NotSeen where others than these four had much of the CPU, which they wait for."""
        busy = self.busy
        ours = merged(
            row
            for track in self.tracks.values()
            for row in clip(self.timeline.of(track, State.RUNNING), busy.start_ns, busy.end_ns)
        )
        if total(ours) < _OURS * busy.length_ns:
            raise NotSeen(
                en="The machine was crowded: other programs had the CPU, too.",
                zh="机器太忙：其他程序也在使用这个 CPU。",
            )


def mean(spans: Sequence[Span]) -> float:
    """Their mean length in nanoseconds."""
    return fmean(span.length_ns for span in spans)


def less(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What is left of ``spans``, each by its length, without what it has in common."""
    kept = []
    for span in spans:
        lost = total(common([span], others))
        kept.append(span._replace(end_ns=span.end_ns - lost))
    return kept


def _refused(timeline: Timeline, params: Settings) -> NotSeen:
    name = f"SCHED_{params.kind}"
    if said(timeline, f"{name} is not asked for"):
        return NotSeen(
            en=f"This machine lets the run use one CPU only: under {name} nothing else would run "
            "on it. It takes two.",
            zh=f"这台机器只允许使用一个 CPU，{name} 会让其他程序都无法运行；至少需要两个 CPU。",
        )
    return NotSeen(
        en=f"The kernel refused {name}, so all four were ordinary. Whoever runs Timeslice can "
        "permit it: a real-time limit of 1 (ulimit -r 1; docker run --ulimit rtprio=1), or the "
        "capability CAP_SYS_NICE.",
        zh=f"内核拒绝了 {name}，因此四个都是普通进程。运行 Timeslice 的人可以允许它："
        "把实时优先级上限设为 1（ulimit -r 1；docker run --ulimit rtprio=1），"
        "或授予权能 CAP_SYS_NICE。",
    )
