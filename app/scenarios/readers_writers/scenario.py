"""Readers and a writer: together or alone, and who goes first."""

from __future__ import annotations

from itertools import chain
from typing import Literal

from app.catalogue.claims import Answer, Claim, either, not_seen
from app.catalogue.counting import times
from app.catalogue.groups import Group, Idea
from app.catalogue.parameters import Parameters, choice, integer
from app.catalogue.scenario import Scenario, Tags
from app.catalogue.spans import (
    common,
    duration,
    merged,
    named,
    need_exact,
    peak,
    percent,
    starting,
    total,
)
from app.catalogue.tolerance import HANDED_OVER, excused
from app.locale.text import Text
from app.timeline.model import Slice, Track
from app.timeline.states import Reason, State, TrackKind
from app.timeline.timeline import Timeline


class Settings(Parameters):
    policy: Literal["mutex", "readers", "writers"] = choice(
        "readers",
        Text(en="Policy", zh="策略"),
        {
            "mutex": Text(en="A plain lock: one at a time", zh="普通互斥锁：每次一个"),
            "readers": Text(en="Readers together; readers first", zh="读者可同时读；读者优先"),
            "writers": Text(en="Readers together; writers first", zh="读者可同时读；写者优先"),
        },
    )
    readers: int = integer(3, Text(en="Readers", zh="读者数"), minimum=1, maximum=8)
    reads: int = integer(8, Text(en="Readings of each", zh="每个读者读"), minimum=1, maximum=50)
    writes: int = integer(2, Text(en="Writings", zh="写者写"), minimum=1, maximum=20)
    read_ms: int = integer(
        60, Text(en="A reading or writing takes", zh="每次读写"), minimum=10, maximum=500, unit="ms"
    )
    think_ms: int = integer(
        4, Text(en="Computing in between", zh="两次之间计算"), minimum=0, maximum=200, unit="ms"
    )


def _readers(timeline: Timeline) -> list[Track]:
    return starting(timeline, "reader-", TrackKind.THREAD)


def _inside(timeline: Timeline, track: Track, params: Settings) -> list[Slice]:
    """Its readings or writings: it sleeps nowhere else."""
    return [
        row
        for row in timeline.of(track, State.BLOCKED)
        if row.reason is Reason.SLEEP and row.end_ns - row.start_ns > params.read_ms * 200_000
    ]


def check_together(timeline: Timeline, params: Settings) -> Answer:
    readers = _readers(timeline)
    readings = [_inside(timeline, reader, params) for reader in readers]
    count = sum(map(len, readings))
    if sum(map(bool, readings)) < 2:
        return not_seen(en="It takes two readers.", zh="需要至少两个读者。")
    most, at = peak(chain.from_iterable(readings))
    en = f"{count} readings, at most {most} at once."
    zh = f"共 {count} 次读，同时在读的最多 {most} 个。"
    spans = [row for rows in readings for row in rows if row.start_ns <= at <= row.end_ns]
    if params.policy == "mutex":
        if most > 1:
            need_exact(timeline)
        return either(most == 1, en=en, zh=zh, evidence=spans)
    return either(most > 1, en=en, zh=zh, evidence=spans)


def check_alone(timeline: Timeline, params: Settings) -> Answer:
    (writer,) = named(timeline, "writer")
    writings = _inside(timeline, writer, params)
    readings = merged(
        chain.from_iterable(_inside(timeline, reader, params) for reader in _readers(timeline))
    )
    if not writings or not readings:
        return not_seen(en="There was nothing written, or nothing read.", zh="没有写或没有读。")
    both = common(writings, readings)
    if total(both) > 0.05 * total(writings):
        need_exact(timeline)
    but = excused(total(both), total(writings), 0.05, HANDED_OVER)
    return either(
        total(both) <= 0.05 * total(writings),
        en=f"{len(writings)} writings took {duration(total(writings))}; during "
        f"{percent(total(both), total(writings))} of it somebody was reading.{but.en}",
        zh=f"{len(writings)} 次写共用 {duration(total(writings))}；其中 "
        f"{percent(total(both), total(writings))} 的时间有人在读。{but.of('zh')}",
        evidence=both or writings,
    )


def check_first(timeline: Timeline, params: Settings) -> Answer:
    """How often one reader begins to read while the writer waits for its turn.

    Once may be by chance: it had the permission already and came to its reading a moment later.
    """
    if params.policy == "mutex":
        return not_seen(en="A plain lock has no policy.", zh="普通互斥锁没有这种策略。")
    (writer,) = named(timeline, "writer")
    writings = _inside(timeline, writer, params)
    waits, since = [], writer.start_ns
    for writing in writings:
        asked = [
            row
            for row in timeline.of(writer, State.BLOCKED)
            if row.reason is Reason.CONDITION and since <= row.start_ns < writing.start_ns
        ]
        if asked:
            waits.append(asked[0]._replace(end_ns=writing.start_ns))
        since = writing.end_ns
    if not waits:
        return not_seen(en="The writer never had to wait.", zh="写者从未等待。")
    passed = max(
        sum(wait.start_ns < row.start_ns < wait.end_ns for row in _inside(timeline, reader, params))
        for wait in waits
        for reader in _readers(timeline)
    )
    longest = max(wait.end_ns - wait.start_ns for wait in waits)
    en = f"The writer waited {times(len(waits))}, for {duration(longest)} at most; one reader "
    en += f"began to read {times(passed)} in one such wait."
    zh = f"写者等待 {len(waits)} 次，最长 {duration(longest)}；在其中一次等待里，"
    zh += f"同一个读者最多开始读了 {passed} 次。"
    if params.policy == "writers":
        return either(passed <= 1, en=en, zh=zh, evidence=waits)
    if passed <= 1:
        return not_seen(
            en=en + " It was lucky: let the readers be more, or read longer.",
            zh=zh + "写者运气好：可以增加读者，或让每次读得更久。",
            evidence=waits,
        )
    return either(passed > 1, en=en, zh=zh, evidence=waits)


SCENARIO = Scenario(
    file=__file__,
    group=Group.LOCKS,
    title=Text(en="Readers and writers", zh="读者与写者"),
    summary=Text(
        en="Readers may read together, a writer must be alone: with a plain lock, and with readers "
        "or writers first.",
        zh="读者可以同时读，写者必须独占：普通互斥锁、读者优先与写者优先。",
    ),
    parameters=Settings,
    by="policy",
    tags=Tags(
        ideas=(Idea.MUTUAL_EXCLUSION, Idea.BLOCKING),
        primitives=("threading.Condition", "threading.Lock"),
        states=(State.BLOCKED, State.RUNNING),
        level=3,
    ),
    claims=(
        Claim(
            "together",
            lambda params: (
                Text(
                    en="With a plain lock, readers read one by one.",
                    zh="用普通互斥锁时，读者只能逐个读。",
                )
                if params.policy == "mutex"
                else Text(en="Several readers read at the same time.", zh="多个读者可以同时读。")
            ),
            check_together,
        ),
        Claim(
            "alone",
            Text(en="While the writer writes, nobody reads.", zh="写者在写时，没有人在读。"),
            check_alone,
        ),
        Claim(
            "first",
            lambda params: (
                Text(
                    en="With writers first, no reader passes a writer that waits.",
                    zh="写者优先时，没有读者会抢在等待的写者前面。",
                )
                if params.policy == "writers"
                else Text(
                    en="With readers first, readers pass a writer that waits, again and again: it "
                    "may starve.",
                    zh="读者优先时，读者会一次次抢在等待的写者前面：写者可能饿死。",
                )
            ),
            check_first,
        ),
    ),
)
