"""How a disagreement is shared between the time with steal and the time without."""

from __future__ import annotations

from app.timeline.model import OPEN, Slice, Track
from app.timeline.states import Evidence, State, TrackKind
from app.timeline.timeline import Timeline
from benchmarks.gil_truth import agreement as of_gil
from benchmarks.gil_truth.judge import Span as GilSpan
from benchmarks.truth.agreement import compare, together
from benchmarks.truth.judge import Span
from benchmarks.truth.steal import TICK_NS, Steal, shares

START = 1_000


def test_steal_joins_intervals_of_several_cpus_and_sums_what_was_taken() -> None:
    steal = Steal([(50, 60, 3 * TICK_NS), (10, 30, TICK_NS), (20, 40, TICK_NS)])
    assert str(steal) == f"5 ticks, {5 * TICK_NS / 1e6:.0f} ms"
    assert [steal.within(*span) for span in ((0, 10), (0, 100), (25, 10), (40, 10), (55, 99))] == [
        0, 40, 10, 0, 5,
    ]  # fmt: skip
    assert Steal(()).within(0, 1 << 40) == 0


def test_shares_of_time_in_and_outside() -> None:
    assert shares((1000, 50), (100, 40)) == ["40.00 %", "1.11 %"]
    assert shares((1000, 50), (0, 0)) == ["-", "5.00 %"]


def test_difference_in_an_interval_with_steal_is_counted_there() -> None:
    timeline = Timeline()
    timeline.run["start_monotonic_ns"] = START
    track = Track(1, TrackKind.PROCESS, "p", 1, 1, 0, False, 0)
    timeline.slices[1] = [
        Slice(1, 0, 100, State.RUNNING, cpu=0, evidence=Evidence.KERNEL),
        Slice(1, 100, OPEN, State.BLOCKED, evidence=Evidence.KERNEL),
    ]
    timeline.now_ns = 200
    judge = [
        Span(START, START + 60, "running"),
        Span(START + 60, START + 90, "ready"),
        Span(START + 90, START + 100, "running"),
        Span(START + 100, START + 200, "off"),
    ]
    agreement = compare(timeline, track, judge, Steal([(50, 80, TICK_NS)]))
    assert (agreement.both_ns, agreement.same_ns) == (200, 170)
    assert agreement.stolen_from == (30, 20)
    assert together([agreement, agreement]).stolen_from == (60, 40)


def test_difference_about_the_gil_in_an_interval_with_steal_is_counted_there() -> None:
    mine = [GilSpan(START, START + 100, "holding")]
    judge = [GilSpan(START, START + 60, "holding"), GilSpan(START + 60, START + 100, "waiting")]
    agreement = of_gil.compare(mine, judge, START, Steal([(70, 80, TICK_NS)]))
    assert (agreement.told_ns, agreement.same_ns) == (100, 60)
    assert agreement.stolen_from == (10, 10)
