"""What a scenario's claims are checked on, and that checking it comes to an end."""

from __future__ import annotations

import os
import signal

import pytest

from app.errors import Sentence
from app.timeline.frames import FrameReader, decode
from app.timeline.model import Batch
from app.worker import history
from app.worker.framer import Framer
from app.worker.history import TooLong, at_most
from app.worker.pipes import FrameSink
from app.worker.spec import RunSpec


def test_what_takes_too_long_is_ended_and_nothing_else() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(TooLong), at_most(0.01):
        while True:
            pass
    with at_most(60):
        pass
    assert signal.getsignal(signal.SIGPROF) is before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_claims_that_take_too_long_are_not_checked_and_the_run_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from app import catalogue

    scenario = catalogue.load()["deadlock"]

    def check(*_: object) -> list[object]:
        while True:
            pass

    monkeypatch.setattr(type(scenario), "check", check)
    monkeypatch.setattr(history, "CHECK_S", 0.01)
    read, write = os.pipe()
    spec = RunSpec(run_id="r", program="", scenario="deadlock")
    framer = Framer(spec, FrameSink(write))
    framer.begin(0, 7, {"id": "r"})
    framer.end(Batch(), 1, 0, Sentence())
    os.close(write)
    with os.fdopen(read, "rb") as file:
        _, last = map(decode, FrameReader().feed(file.read()))
    assert last.head["state"] == "ended" and "claims" not in last.head
    assert last.head["failure"] == "This run was too long for its claims to be checked."
