"""The words for how a track ended."""

from __future__ import annotations

import pytest

from app.catalogue.endings import ending
from app.timeline.model import Ending, Track
from app.timeline.states import Cause, TrackKind


def track(end: Ending | None) -> Track:
    return Track(1, TrackKind.PROCESS, "logger", 7, 7, 0, False, 0, end=end)


@pytest.mark.parametrize("cause", Cause)
def test_ending_has_words_of_its_own_for_each_cause(cause: Cause) -> None:
    words = ending(track(Ending(cause)))
    others = [ending(track(Ending(other))) for other in Cause if other is not cause]
    assert words.en.isascii() and not words.of("zh").isascii()
    assert words.en not in {it.en for it in others} and words.of("zh") not in {
        it.of("zh") for it in others
    }


def test_ending_names_the_signal() -> None:
    words = ending(track(Ending(Cause.DAEMON, signal="SIGTERM")))
    assert words.en.endswith(", SIGTERM") and words.of("zh").endswith("，SIGTERM")


def test_ending_of_a_track_that_lives_is_not_known() -> None:
    assert ending(track(None)) == ending(track(Ending(Cause.UNKNOWN)))
