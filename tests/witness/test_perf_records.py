"""Perf records made by hand after perf_event_open(2), decoded."""

from __future__ import annotations

import struct

import pytest

from app.timeline.records import (
    Dropped,
    SignalSent,
    SwitchIn,
    SwitchOut,
    ThreadBorn,
    ThreadGone,
    ThreadNamed,
    Wakeup,
    Waking,
)
from app.witness.perf_records import Instant, Tracepoint, decode


def sample_id(pid: int, tid: int, t: int, cpu: int) -> bytes:
    return struct.pack("<IIQII", pid, tid, t, cpu, 0)


def record(kind: int, misc: int, body: bytes, tail: bytes) -> bytes:
    return struct.pack("<IHH", kind, misc, 8 + len(body) + len(tail)) + body + tail


def switch(misc: int, pid: int, tid: int, t: int, cpu: int) -> bytes:
    return record(14, misc, b"", sample_id(pid, tid, t, cpu))


def test_decode_switches_tells_in_blocked_and_preempted() -> None:
    data = (
        switch(0, 7, 8, 100, 1)
        + switch(1 << 13, 7, 8, 200, 1)
        + switch((1 << 13) | (1 << 14), 7, 9, 300, 0)
    )
    assert decode(data) == [
        SwitchIn(100, 7, 8, 1),
        SwitchOut(200, 7, 8, 1, False),
        SwitchOut(300, 7, 9, 0, True),
    ]


def test_decode_tasks_tells_births_ends_and_names() -> None:
    sid = sample_id(5, 5, 9, 0)
    data = (
        record(7, 0, struct.pack("<IIIIQ", 6, 5, 6, 55, 1), sid)
        + record(3, 1 << 13, struct.pack("<II", 6, 6) + b"program\0", sample_id(6, 6, 2, 0))
        + record(3, 0, struct.pack("<II", 6, 7) + b"worker-thread-1\0", sample_id(6, 7, 3, 0))
        + record(4, 0, struct.pack("<IIIIQ", 6, 5, 7, 6, 4), sid)
    )
    assert decode(data) == [
        ThreadBorn(1, 6, 6, 5, 55),
        ThreadNamed(2, 6, 6, "program", True),
        ThreadNamed(3, 6, 7, "worker-thread-1", False),
        ThreadGone(4, 6, 7),
    ]


def test_decode_losses_are_counted() -> None:
    lost = record(2, 0, struct.pack("<QQ", 1, 17), sample_id(3, 3, 50, 0))
    samples = record(13, 0, struct.pack("<Q", 4), sample_id(3, 3, 60, 0))
    assert decode(lost + samples) == [Dropped(50, "perf", 17), Dropped(60, "perf", 4)]
    before = switch(0, 7, 8, 30, 1)
    assert decode(before + lost) == [SwitchIn(30, 7, 8, 1), Dropped(50, "perf", 17, since=30)]


def test_decode_passes_over_what_it_does_not_know_and_idle() -> None:
    throttle = record(5, 0, bytes(24), sample_id(1, 1, 1, 0))
    idle = switch(0, 0, 0, 5, 0)
    dead = switch(0, 0xFFFFFFFF, 0xFFFFFFFF, 6, 0)
    assert decode(throttle + idle + dead + switch(0, 1, 1, 7, 0)) == [SwitchIn(7, 1, 1, 0)]


def test_decode_damaged_record_is_counted_and_ends_the_decoding() -> None:
    good = switch(0, 1, 1, 7, 0)
    assert decode(good + bytes(32) + good) == [SwitchIn(7, 1, 1, 0), Dropped(0, "perf", 1)]
    assert decode(good + record(3, 0, bytes(16), b"")[:-4]) == [
        SwitchIn(7, 1, 1, 0),
        Dropped(0, "perf", 1),
    ]


def test_decode_wakeups_tells_the_woken_and_the_waker() -> None:
    def sample(number: int, woken: int, pid: int, tid: int, t: int, flags: int = 0) -> bytes:
        fields = struct.pack("<HBBi16siii", number, flags, 0, tid, b"python", woken, 120, 1)
        raw = struct.pack("<I", len(fields)) + fields
        return record(9, 0, sample_id(pid, tid, t, 0), raw)

    data = (
        sample(375, 11, 7, 8, 100)
        + sample(374, 11, 7, 8, 110)
        + switch(0, 7, 11, 120, 1)
        + sample(373, 12, 7, 11, 130)
        + sample(375, 12, 7, 11, 140, flags=0x08)  # by a clock, while thread 11 ran
        + sample(375, 12, 7, 11, 150, flags=0x10)  # by what thread 11 sent
    )
    names = {375: "sched_waking", 374: "sched_wakeup", 373: "sched_wakeup_new"}
    assert decode(data, names) == [  # type: ignore[arg-type]
        Waking(100, 11, 7, 8),
        Wakeup(110, 11),
        SwitchIn(120, 7, 11, 1),
        Wakeup(130, 12),
        Waking(140, 12, 0, 0),
        Waking(150, 12, 7, 11),
    ]


def test_decode_signal_tells_who_sent_it() -> None:
    def sample(number: int, code: int, tid: int, result: int = 0, flags: int = 0) -> bytes:
        fields = struct.pack("<HBBi", 261, flags, 0, tid)
        fields += struct.pack("<iii16siii", number, 0, code, b"python", 11, 1, result)
        raw = struct.pack("<I", len(fields)) + fields
        return record(9, 0, sample_id(7, tid, 100, 0), raw)

    data = (
        sample(15, 0, 8)  # kill(2)
        + sample(15, -6, 8)  # tgkill(2)
        + sample(11, 1, 11)  # a fault, SEGV_MAPERR
        + sample(13, 0, 11)  # SIGPIPE, of its own write
        + sample(14, 0, 8, flags=0x08)  # a clock
        + sample(15, 0, 8, result=2)  # pending already
    )
    assert decode(data, {261: "signal_generate"}) == [
        SignalSent(100, 11, 15, 7, 8),
        SignalSent(100, 11, 15, 7, 8),
        SignalSent(100, 11, 11, 0, 0),
        SignalSent(100, 11, 13, 0, 0),
        SignalSent(100, 11, 14, 0, 0),
    ]


SWITCHES: dict[int, Tracepoint] = {372: "sched_switch"}


def sched_switch(leaves: int, comes: int, t: int, state: int = 1) -> bytes:
    """Such a sample of CPU 1; ``state`` is who leaves' state, of which 1 is an ordinary wait."""
    fields = struct.pack("<HBBi16siiq", 372, 0, 0, leaves, b"python", leaves, 120, state)
    fields += struct.pack("<16sii", b"python", comes, 120)
    raw = struct.pack("<I", len(fields)) + fields
    return record(9, 0, sample_id(7, leaves, t, 1), raw)


@pytest.mark.parametrize(
    ("state", "stopped"),
    [(1, False), (2, False), (4, True), (8, True), (0x100, False), (0x40, False)],
    ids=["waits", "disk", "stopped", "traced", "preempted", "parked"],
)
def test_decode_switch_says_who_was_stopped(state: int, stopped: bool) -> None:
    instant = Instant()
    data = sched_switch(8, 0, 100, state) + switch(1 << 13, 7, 8, 101, 1)
    assert decode(data, SWITCHES, instant) == [SwitchOut(100, 7, 8, 1, False, stopped)]
    after = switch(0, 7, 8, 190, 1) + switch(1 << 13, 7, 8, 200, 1)  # its sample was lost
    assert decode(after, SWITCHES, instant)[1] == SwitchOut(200, 7, 8, 1, False, False)


def test_decode_switch_has_the_instant_of_its_tracepoint_for_both() -> None:
    instant = Instant()
    out = switch(1 << 13, 7, 8, 101, 1)
    assert decode(sched_switch(8, 9, 100) + out, SWITCHES, instant) == [
        SwitchOut(100, 7, 8, 1, False)
    ]
    # The other half comes with the next drain; a switch whose sample was lost keeps its own time.
    data = switch(0, 7, 9, 103, 1) + switch(1 << 13, 7, 9, 200, 1) + sched_switch(0, 8, 300)
    assert decode(data + switch(0, 7, 8, 302, 1), SWITCHES, instant) == [
        SwitchIn(100, 7, 9, 1),
        SwitchOut(200, 7, 9, 1, False),
        SwitchIn(300, 7, 8, 1),
    ]


def test_decode_one_thread_after_another_is_one_instant() -> None:
    out = switch(1 << 13, 7, 8, 10_000, 1)
    assert decode(out + switch(0, 7, 9, 11_600, 1)) == [
        SwitchOut(10_000, 7, 8, 1, False),
        SwitchIn(10_000, 7, 9, 1),
    ]
    later = decode(out + switch(0, 7, 9, 15_000, 1))
    assert later[1] == SwitchIn(15_000, 7, 9, 1), "the CPU may have been idle in between"
