from __future__ import annotations

import pytest

from app.catalogue import spans
from app.catalogue.claims import NotSeen, Span
from app.locale.text import Text
from app.timeline.model import OPEN, Output, Stats
from tests.catalogue.build import MS, Build


def test_common_gives_the_stretches_in_which_both_last() -> None:
    one = [Span(1, 0, 10), Span(1, 20, 30)]
    other = [Span(2, 5, 22), Span(2, 29, 40)]
    assert spans.common(one, other) == [Span(1, 5, 10), Span(1, 20, 22), Span(1, 29, 30)]


def test_common_of_neighbours_is_empty() -> None:
    assert spans.common([Span(1, 0, 10)], [Span(2, 10, 20)]) == []


def test_pairwise_compares_each_with_each() -> None:
    rows = [[Span(track, 0, 10)] for track in (1, 2, 3)]
    assert len(spans.pairwise(rows)) == 3


def test_peak_counts_what_lasts_at_one_instant() -> None:
    assert spans.peak([Span(1, 0, 10), Span(2, 5, 15), Span(3, 10, 20)]) == (2, 5)
    assert spans.peak([]) == (0, 0)


def test_clip_keeps_the_parts_inside() -> None:
    rows = [Span(1, 0, 10), Span(1, 20, 30), Span(1, 40, 50)]
    assert spans.clip(rows, 5, 25) == [Span(1, 5, 10), Span(1, 20, 25)]


def test_computed_time_is_the_accounts_where_it_has_less_than_the_switches() -> None:
    b = Build()
    one, two = b.process("one", 0, 90), b.process("two", 0, 90)
    b.rows(one, "running 0 50, blocked:sleep 50 90")
    b.rows(two, "running 0 20, blocked:sleep 20 90")
    tracks = [b.timeline.tracks[number] for number in (one, two)]
    assert spans.computed(b.timeline, *tracks) == 70 * MS
    b.timeline.stats[one] = Stats(one, uncounted_ns=8 * MS)
    b.timeline.stats[two] = Stats(two, uncounted_ns=None)
    assert spans.computed(b.timeline, *tracks) == 62 * MS
    assert spans.computed(b.timeline, tracks[0]) == 42 * MS


def test_exit_is_the_start_of_the_zombie_time() -> None:
    b = Build()
    child = b.process("child", 0, 90)
    b.rows(child, "running 0 50, zombie 50 90")
    assert spans.exit_of(b.timeline, b.timeline.tracks[child]) == 50 * MS


def test_end_of_a_track_that_still_lives_is_now() -> None:
    b = Build()
    child = b.process("child", 0, 90)
    b.timeline.tracks[child].end_ns = OPEN
    assert spans.end_of(b.timeline, b.timeline.tracks[child]) == 90 * MS


def test_lines_join_the_pieces_of_each_track() -> None:
    b = Build()
    one, two = b.process("one", 0, 9), b.process("two", 0, 9)
    for track, ns, text in [(one, 1, "he"), (two, 2, "yes"), (one, 3, "llo\nbye"), (two, 4, "\n")]:
        b.timeline.output.append(Output(track, ns, "stdout", text))
    assert [(line.track, line.ns, line.text) for line in spans.lines(b.timeline)] == [
        (one, 1, "hello"),
        (two, 2, "yes"),
        (one, 3, "bye"),
    ]


def test_lines_do_not_join_what_was_written_later() -> None:
    b = Build()
    track = b.process("one", 0, 9)
    for ns, text in [(1, "begins"), (50 * MS, "is done\n"), (60 * MS, "bye"), (80 * MS, "\n")]:
        b.timeline.output.append(Output(track, ns, "stdout", text))
    assert [line.text for line in spans.lines(b.timeline)] == ["begins", "is done", "bye"]


def test_merged_joins_what_overlaps_or_touches() -> None:
    rows = [Span(1, 20, 30), Span(1, 0, 10), Span(2, 5, 15), Span(3, 15, 16)]
    assert spans.merged(rows) == [Span(1, 0, 16), Span(1, 20, 30)]


def test_named_tells_which_track_is_missing() -> None:
    with pytest.raises(NotSeen, match="no track named child"):
        spans.named(Build().timeline, "child")


@pytest.mark.parametrize(
    ("ns", "text"), [(80_000, "80 µs"), (12_500_000, "12.5 ms"), (1_250_000_000, "1.25 s")]
)
def test_duration_is_told_in_the_readers_unit(ns: int, text: str) -> None:
    assert spans.duration(ns) == text


def test_percent_of_nothing_is_nothing() -> None:
    assert spans.percent(1, 4) == "25.0 %"
    assert spans.percent(1, 0) == "0.0 %"


def test_active_lasts_from_one_wait_to_the_next() -> None:
    b = Build()
    track = b.process("one", 0, 90)
    rows = "ready 0 5, running 5 20, gil 20 30, running 30 40, ready 40 50, blocked:lock 50 60"
    b.rows(track, rows + ", ready 60 70, running 70 72, blocked:sleep 72 80, ready 80 90")
    one = b.timeline.tracks[track]
    found = spans.active(b.timeline, one)
    assert found == [Span(track, 5 * MS, 40 * MS), Span(track, 70 * MS, 72 * MS)]
    assert spans.active(b.timeline, one, least_ns=10 * MS) == found[:1]


def test_worked_leaves_out_what_was_done_at_the_edges() -> None:
    b = Build()
    track = b.process("one", 0, 90)
    b.rows(track, "running 0 1, ready 1 20, running 20 30, gil 30 40, running 40 60")
    span = Span(track, 0, 60 * MS)
    assert spans.worked(b.timeline, span, 2 * MS, 30 * MS) == Span(track, 21 * MS, 59 * MS)
    assert spans.worked(b.timeline, span, 2 * MS, 40 * MS) is None


def test_tracks_that_are_missing_are_told_by_their_name() -> None:
    b = Build()
    with pytest.raises(NotSeen) as none:
        spans.starting(b.timeline, "consumer-")
    assert none.value.why == Text(
        en="No track named consumer-… was seen; this needs at least one.",
        zh="没有看到名为 consumer-… 的轨道。",
    )
    b.process("consumer-1", 0, 90)
    with pytest.raises(NotSeen) as few:
        spans.starting(b.timeline, "consumer-", least=2)
    assert few.value.why.en == "Only 1 track named consumer-… was seen; this needs at least 2."
