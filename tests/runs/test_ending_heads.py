"""What frames say of failures: in English, and with the template that another language needs."""

from __future__ import annotations

from pathlib import Path

from app.errors import RecordingFailed, Sentence, sentences
from app.runs import earlier_runs
from app.runs.ending_heads import failure_head, failure_of, with_failure
from app.runs.recording import Recording
from app.timeline.frames import decode
from tests.runs.make import frame, last_frame

FULL = RecordingFailed("The recording {path} can't be written: {why}.", path="x", why="full")


def test_saying_adds_the_recordings_failure_with_its_template() -> None:
    head = decode(with_failure(frame(1), FULL)).head
    assert head["failure"] == head["run"]["recording"] == str(FULL)
    (said,) = sentences(head["failure_told"])
    assert said.template == FULL.template
    assert sentences(head["run"]["recording_told"]) == [said]


def test_saying_keeps_what_had_failed_before() -> None:
    worker = Sentence("The worker failed: {why}", why="KeyError: 1")
    head = decode(with_failure(last_frame(3, **failure_head(worker)), FULL)).head
    assert head["failure"] == f"{worker} {FULL}"
    assert [said.template for said in sentences(head["failure_told"])] == [
        worker.template, FULL.template,
    ]  # fmt: skip


def test_failure_of_a_head_without_template_is_told_as_it_is() -> None:
    assert failure_of({}) is None
    old = failure_of({"failure": "It {broke}."})
    assert old == "It {broke}." and old is not None and not old.values


def test_failure_of_a_recorded_run_has_its_template_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "abc.timeslice"
    why = Sentence("{program} can't be started: {why}.", program="x", why="gone")
    with Recording.create(path, {"id": "abc", "scenario": "s", "params": {}}, "") as recording:
        recording.append(frame(0))
        recording.finish(state="failed", duration_ns=1, exit=None, **failure_head(why))
    found = earlier_runs.earlier_run(path).failure
    assert found is not None and str(found) == why
    assert (found.template, found.values) == (why.template, why.values)
