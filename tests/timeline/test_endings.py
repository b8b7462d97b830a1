"""The words for how a track ended."""

from __future__ import annotations

import pytest

from app.timeline.endings import ending
from app.timeline.model import Ending
from app.timeline.states import Cause


@pytest.mark.parametrize("cause", Cause)
def test_ending_has_words_of_its_own_for_each_cause(cause: Cause) -> None:
    words = ending(Ending(cause))
    others = [ending(Ending(other)) for other in Cause if other is not cause]
    assert words.en.isascii() and not words.of("zh").isascii()
    for language in ("en", "zh"):
        assert words.of(language) not in {other.of(language) for other in others}


def test_ending_names_the_signal() -> None:
    words = ending(Ending(Cause.DAEMON, signal="SIGTERM"))
    assert words.en.endswith(", SIGTERM") and words.of("zh").endswith("，SIGTERM")


@pytest.mark.parametrize(
    ("end", "sender", "words"),
    [
        (Ending(Cause.SIGNAL, signal="SIGKILL"), "", "ended by SIGKILL"),
        (Ending(Cause.SIGNAL, signal="SIGKILL", sender=4), "Ann", "ended by SIGKILL from Ann"),
        (
            Ending(Cause.SIGNAL, signal="SIGKILL", sender=0),
            "",
            "ended by SIGKILL from outside the run",
        ),
        (Ending(Cause.RETURNED, code=0), "", "returned"),
        (Ending(Cause.RETURNED, code=3), "", "exit 3"),
        (Ending(Cause.EXIT), "", "exit 0"),
        (Ending(Cause.RAISED, exception="KeyError"), "", "raised KeyError"),
        (
            Ending(Cause.LIMIT, signal="SIGKILL", limit="wall"),
            "",
            "ended with the run at its limit of running time, SIGKILL",
        ),
    ],
)
def test_ending_has_the_figures_of_its_cause(end: Ending, sender: str, words: str) -> None:
    assert ending(end, sender).en == words


def test_ending_of_a_track_that_lives_is_not_known() -> None:
    assert ending(None) == ending(Ending(Cause.UNKNOWN))
