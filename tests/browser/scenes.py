"""Hand-made timelines, cut into frames as a worker would send them. Invented data, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.timeline.frames import Frame
from app.timeline.heads import frame_of
from app.timeline.model import (
    OPEN,
    Batch,
    Ending,
    Finding,
    Flow,
    ObjectRow,
    Output,
    Slice,
    Stats,
    Track,
    Wait,
)
from app.timeline.states import (
    Cause,
    Evidence,
    FlowKind,
    ObjectKind,
    Reason,
    State,
    TrackKind,
    vocabulary,
)

MS = 1_000_000
MAIN, ANN, BOB, LOGGER, DAEMON, SIBLING, FIRST_TASK = 1, 2, 3, 4, 5, 6, 7
FORK, NOODLES = 1, 2
ANN_LINE, BOB_LINE = 9, 15
DEADLOCK_NS, END_NS = 930 * MS, 1840 * MS
TASKS = 3

PROGRAM = """\
import threading
from dinner import fork, noodles, eat, eat_a_bit


def ann():
    with fork:
        eat_a_bit()
        # crosswise
        with noodles:
            eat()


def bob():
    with noodles:
        with fork:
            eat()


threading.Thread(target=ann, name="Ann").start()
threading.Thread(target=bob, name="Bob").start()
"""


def run_head(**more: Any) -> dict[str, Any]:
    return {
        "id": "test",
        "scenario": "deadlock",
        "params": {"fix": "none"},
        "python": "CPython 3.11.7",
        "started_at": "2026-11-23T08:00:00+00:00",
        "start_monotonic_ns": 1,
        "witnesses": {"scheduler": "perf", "probe": True, "why": ""},
        "limits": {"wall_s": 30.0},
        **more,
    }


def tracks() -> list[Track]:
    kind = TrackKind
    found = [
        Track(MAIN, kind.PROCESS, "dinner.py", 41870, 41870, 0, False, 0, python="CPython 3.11"),
        Track(ANN, kind.THREAD, "Ann", 41870, 41872, MAIN, False, 60 * MS),
        Track(BOB, kind.THREAD, "Bob", 41870, 41873, MAIN, False, 70 * MS),
        Track(LOGGER, kind.THREAD, "logger", 41870, 41874, MAIN, True, 80 * MS),
        Track(DAEMON, kind.PROCESS, "Daemon-1", 41875, 41875, MAIN, True, 100 * MS),
        Track(SIBLING, kind.PROCESS, "Sibling-2", 41876, 41876, MAIN, False, 120 * MS),
    ]
    for number in range(TASKS):
        found.append(
            Track(
                FIRST_TASK + number, kind.COROUTINE, f"fetch-{number}", 41876, 0, SIBLING, False,
                (200 + 10 * number) * MS,
            )
        )  # fmt: skip
    return found


def slices() -> list[Slice]:
    """Closed rows in order of time for each track; the cycle's two waits last to the end."""
    kernel, probe = Evidence.KERNEL, Evidence.PROBE
    rows = [
        Slice(MAIN, 0, 55 * MS, State.RUNNING, cpu=0, line=1, evidence=kernel),
        Slice(
            MAIN, 55 * MS, END_NS, State.BLOCKED, Reason.JOIN, holder=ANN, line=20,
            evidence=kernel, reason_evidence=probe,
        ),
    ]  # fmt: skip
    for track, start, first in ((ANN, 60, 0), (BOB, 70, 1)):
        now = start
        rows.append(Slice(track, now * MS, (now + 5) * MS, State.NEW, evidence=kernel))
        now += 5
        number = first
        while now < 880:
            length = 12 + 7 * ((number * 5) % 7)
            state = (State.RUNNING, State.GIL)[number % 2]
            if number % 9 == 8:
                state = State.READY
            end = min(now + length, 880)
            rows.append(
                Slice(
                    track, now * MS, end * MS, state, line=7,
                    cpu=first if state is State.RUNNING else -1,
                    evidence=Evidence.INFERRED if state is State.GIL else kernel,
                )
            )  # fmt: skip
            now, number = end, number + 1
    rows.append(wait_of(ANN, 880, NOODLES, BOB, ANN_LINE))
    rows.append(wait_of(BOB, 880, FORK, ANN, BOB_LINE, DEADLOCK_NS))
    for start in range(80, 1840, 300):
        rows.append(
            Slice(LOGGER, start * MS, (start + 12) * MS, State.RUNNING, cpu=1, evidence=kernel)
        )
        rows.append(
            Slice(
                LOGGER, (start + 12) * MS, min(start + 300, 1840) * MS, State.BLOCKED,
                Reason.SLEEP, line=4, evidence=kernel, reason_evidence=probe,
            )
        )  # fmt: skip
    rows += [
        Slice(DAEMON, 100 * MS, 140 * MS, State.RUNNING, cpu=1, evidence=kernel),
        Slice(
            DAEMON, 140 * MS, 1000 * MS, State.BLOCKED, Reason.SLEEP, evidence=kernel,
            reason_evidence=Evidence.SAMPLED,
        ),
        Slice(DAEMON, 1000 * MS, 1060 * MS, State.ZOMBIE, evidence=kernel),
        Slice(SIBLING, 120 * MS, 1500 * MS, State.RUNNING, cpu=0, evidence=kernel),
        Slice(SIBLING, 1500 * MS, 1600 * MS, State.UNKNOWN),
        Slice(SIBLING, 1600 * MS, END_NS, State.STOPPED, evidence=kernel),
    ]  # fmt: skip
    for number in range(TASKS):
        track, now = FIRST_TASK + number, 200 + 10 * number
        for step in range(6):
            rows.append(Slice(track, now * MS, (now + 20) * MS, State.READY, evidence=probe))
            rows.append(
                Slice(track, (now + 20) * MS, (now + 50) * MS, State.RUNNING, evidence=probe)
            )
            rows.append(
                Slice(
                    track, (now + 50) * MS, (now + 150) * MS, State.AWAITING,
                    Reason.QUEUE if step % 2 else Reason.SLEEP, line=11, evidence=probe,
                    reason_evidence=probe,
                )
            )  # fmt: skip
            now += 150
    return rows


def wait_of(track: int, start: int, thing: int, holder: int, line: int, start_ns: int = 0) -> Slice:
    return Slice(
        track, start_ns or start * MS, END_NS, State.BLOCKED, Reason.LOCK, thing, holder,
        line=line, evidence=Evidence.KERNEL, reason_evidence=Evidence.PROBE,
    )  # fmt: skip


def deadlock(end_ns: int = OPEN) -> Finding:
    cycle = [
        Wait(ANN, NOODLES, BOB, ANN_LINE, 760 * MS, 14),
        Wait(BOB, FORK, ANN, BOB_LINE, 700 * MS, 6),
    ]
    return Finding("deadlock-1", "deadlock", DEADLOCK_NS, end_ns, cycle)


def flows() -> list[Flow]:
    return [
        Flow(FlowKind.SPAWN, MAIN, 50 * MS, ANN, 60 * MS),
        Flow(FlowKind.SPAWN, MAIN, 52 * MS, BOB, 70 * MS),
        Flow(FlowKind.SPAWN, MAIN, 54 * MS, DAEMON, 100 * MS),
        Flow(FlowKind.RELEASE, ANN, 420 * MS, BOB, 425 * MS, FORK),
    ]


def claims() -> list[dict[str, Any]]:
    return [
        {
            "id": "cycle",
            "text": {
                "en": "Two locks taken crosswise end in a deadlock.",
                "zh": "交叉获取两把锁会造成死锁。",
            },
            "verdict": "holds",
            "why": {"en": "Found at 0.930 s.", "zh": "在 0.930 s 发现。"},
            "evidence": [
                {"track": ANN, "start_ns": DEADLOCK_NS, "end_ns": END_NS},
                {"track": BOB, "start_ns": DEADLOCK_NS, "end_ns": END_NS},
            ],
        },
        {
            "id": "back",
            "text": {
                "en": "A lock with a timeout lets one of them go back.",
                "zh": "带超时的锁会让其中一方退让。",
            },
            "verdict": "not-seen",
            "why": {"en": "No acquire had a timeout.", "zh": "没有带超时的获取。"},
            "evidence": [],
        },
    ]


def every_state() -> list[Frame]:
    """One thread that goes through every state and every reason, 10 ms in each."""
    states = [state for state in State if state not in (State.EXITED, State.DONE)]
    each = [(state, Reason.NONE) for state in states]
    each += [(State.BLOCKED, reason) for reason in Reason if reason is not Reason.NONE]
    rows = [
        Slice(MAIN, 10 * i * MS, 10 * (i + 1) * MS, state, reason, evidence=Evidence.KERNEL)
        for i, (state, reason) in enumerate(each)
    ]
    batch = Batch(tracks=tracks()[:1], slices=rows)
    end_ns = rows[-1].end_ns
    first = frame_of(batch, 0, end_ns, state="running", run=run_head(), vocabulary=vocabulary())
    exit = {"cause": "returned", "code": 0, "signal": None}
    last = frame_of(Batch(), 1, end_ns, state="ended", run={"duration_ns": end_ns, "exit": exit})
    return [first, last]


def dinner(ended: bool = True, step_ms: int = 40) -> list[Frame]:
    """The whole run in frames of ``step_ms``: open rows are sent and replaced, as fusion does."""
    return list(_frames(ended, step_ms))


def _frames(ended: bool, step_ms: int) -> Iterator[Frame]:
    rows, everyone = slices(), tracks()
    things = [
        ObjectRow(FORK, ObjectKind.LOCK, "fork", MAIN, 2),
        ObjectRow(NOODLES, ObjectKind.LOCK, "noodles", MAIN, 2),
    ]
    seq, before = 0, -1
    for now_ms in range(step_ms, END_NS // MS, step_ms):
        now = now_ms * MS
        batch = Batch(
            tracks=[track for track in everyone if before < track.start_ns <= now],
            objects=things if seq == 0 else [],
            flows=[flow for flow in flows() if before < flow.to_ns <= now],
            slices=[
                _as_seen(row, now) for row in rows if row.start_ns <= now and _news(row, before)
            ],
        )
        if before < 1060 * MS <= now:
            batch.tracks.append(_ended(everyone[4], 1060, Cause.DAEMON, signal="SIGTERM"))
        if before < DEADLOCK_NS <= now:
            batch.findings.append(deadlock())
        for at in range(80, 1840, 300):
            if before < at * MS <= now:
                batch.output.append(Output(LOGGER, at * MS, "stdout", f"tick {at} <b>&amp;\n"))
        head: dict[str, Any] = {"state": "running"}
        if seq == 0:
            head |= {"run": run_head(), "vocabulary": vocabulary()}
        yield frame_of(batch, seq, now, **head)
        seq, before = seq + 1, now
    if ended:
        yield _last(seq, rows, everyone, before)


def _last(seq: int, rows: list[Slice], everyone: list[Track], before: int) -> Frame:
    batch = Batch(
        slices=[row for row in rows if row.end_ns > before],
        tracks=[
            _ended(everyone[0], 1840, Cause.SIGNAL, signal="SIGKILL"),
            _ended(everyone[1], 1840, Cause.WITH_PROCESS),
            _ended(everyone[2], 1840, Cause.WITH_PROCESS),
            _ended(everyone[3], 1840, Cause.WITH_PROCESS),
            *[_ended(track, 1190, Cause.RETURNED) for track in everyone[6:]],
        ],
        findings=[deadlock(END_NS)],
        stats=[Stats(ANN, 400 * MS, 20 * MS, 960 * MS, 400 * MS, 31, 12)],
        output=[Output(MAIN, 1830 * MS, "stderr", "Killed\n")],
    )
    exit = {"cause": "signal", "code": None, "signal": "SIGKILL"}
    return frame_of(
        batch, seq, END_NS, state="ended", claims=claims(),
        run={"duration_ns": END_NS, "exit": exit},
    )  # fmt: skip


def _news(row: Slice, before: int) -> bool:
    return row.start_ns > before or row.end_ns > before


def _as_seen(row: Slice, now: int) -> Slice:
    return row if row.end_ns <= now else row._replace(end_ns=OPEN)


def _ended(track: Track, end_ms: int, cause: Cause, signal: str | None = None) -> Track:
    return Track(
        track.id, track.kind, track.name, track.pid, track.tid, track.parent, track.daemon,
        track.start_ns, end_ms * MS, Ending(cause, None, signal), track.python,
    )  # fmt: skip
