"""Who waits for whom, and when each waits for what the other holds."""

from __future__ import annotations

from app.catalogue.claims import Answer, fails, holds, not_seen
from app.catalogue.counting import times
from app.catalogue.spans import common, duration, exact, named
from app.timeline.model import Slice
from app.timeline.states import Reason, State
from app.timeline.timeline import Timeline

GUESTS = ("Ann", "Bob")
#: How long "timeout" waits for its second lock, as its program says.
TIMEOUT_NS = 20_000_000
#: A timer may be so much late. Up to the second factor the machine may have woken them late.
_LATE, _FAR = 1.25, 10


def lock_waits(timeline: Timeline) -> list[Slice]:
    return [
        row
        for guest in named(timeline, *GUESTS)
        for row in timeline.of(guest, State.BLOCKED)
        if row.reason is Reason.LOCK
    ]


def mutual_waits(timeline: Timeline, unknown: int = -1) -> list[tuple[Slice, Slice, int]]:
    """Pairs of waits, each for another lock that the other one holds, and how long both last.

    With ``unknown`` 0, a holder that the run does not know counts as the other one. The length is
    in ns. Blocked ends with the wake-up, so no time spent ready is in it.
    """
    ann, bob = (guest.id for guest in named(timeline, *GUESTS))
    waits = lock_waits(timeline)
    hers = [row for row in waits if row.track == ann and row.holder in (bob, unknown)]
    his = [row for row in waits if row.track == bob and row.holder in (ann, unknown)]
    return [
        (one, other, sum(span.length_ns for span in common([one], [other])))
        for one in hers
        for other in his
        if one.object != other.object and common([one], [other])
    ]


def no_cycle(timeline: Timeline, waits: list[Slice]) -> Answer:
    """No two waits at once were each for the other's lock."""
    mutual = mutual_waits(timeline)
    if not mutual and mutual_waits(timeline, unknown=0):
        return not_seen(
            en="Both waited at once, and for whom is not always known.",
            zh="两个人曾同时等待，但不总能知道在等谁。",
            evidence=waits,
        )
    if not mutual:
        return holds(
            en=f"They waited for a lock {times(len(waits))}, never each for the other's.",
            zh=f"两个人等锁 {len(waits)} 次，从未互相等待对方的锁。",
            evidence=waits,
        )
    longest = duration(max(length for _, _, length in mutual))
    count = times(len(mutual)).capitalize()
    return fails(
        en=f"{count} each waited for the other's lock, for {longest} at most.",
        zh=f"有 {len(mutual)} 次互相等待，最长 {longest}。",
        evidence=[row for one, other, _ in mutual for row in (one, other)],
    )


def soon_over(timeline: Timeline, waits: list[Slice]) -> Answer:
    """Each cycle lasts until the first of the two has waited for the timeout."""
    mutual = mutual_waits(timeline)
    if not mutual:
        return not_seen(
            en=f"They waited for a lock {times(len(waits))}, but never each for the other's.",
            zh=f"两个人等锁 {len(waits)} 次，但从未互相等待对方的锁。",
            evidence=waits,
        )
    most = max(length for _, _, length in mutual)
    en = f"{times(len(mutual)).capitalize()} each waited for the other's lock, for {duration(most)}"
    zh = f"有 {len(mutual)} 次互相等待，最长 {duration(most)}"
    spans = [row for one, other, _ in mutual for row in (one, other)]
    if most <= _LATE * TIMEOUT_NS:
        return holds(
            en=f"{en} at most; then one gave back.", zh=f"{zh}，随后一方放回了锁。", evidence=spans
        )
    if most <= _FAR * TIMEOUT_NS or not exact(timeline):
        return not_seen(
            en=f"{en} at most. The machine may have woken them late, so this can't be told.",
            zh=f"{zh}。可能是机器唤醒得太晚，因此无法判断。",
            evidence=spans,
        )
    return fails(en=f"{en} at most.", zh=f"{zh}。", evidence=spans)
