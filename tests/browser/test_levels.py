"""What the page says of an object's level under a wait for it."""

from __future__ import annotations

from typing import Any

import pytest

from app.timeline.heads import frame_of
from app.timeline.model import OPEN, Batch, Level, ObjectRow, Slice, Track
from app.timeline.states import Evidence, ObjectKind, Reason, State, TrackKind, vocabulary
from tests.browser import scenes
from tests.browser.conftest import Opener, publish
from tests.browser.server import PageServer

MS = scenes.MS
KINDS = (ObjectKind.SEMAPHORE, ObjectKind.QUEUE, ObjectKind.BARRIER, ObjectKind.LOCK)

JS = """async ([track, row]) => {
  const main = document.querySelector("script[type=module]").src;
  const { sliceFacts } = await import(new URL("../view/slice_facts.js", main).href);
  return sliceFacts(timeslice.model, track, row, timeslice.model.nowNs);
}"""


@pytest.mark.parametrize(
    ("language", "facts"),
    [
        ("en", ["1 of 3 permits free then", "1 in the queue then", "1 of 3 had come then"]),
        ("zh", ["当时 3 个许可中有 1 个空闲", "当时队列中有 1 项", "当时 3 方中已有 1 方到达"]),
    ],
)
def test_wait_tells_the_level_at_its_beginning(
    server: PageServer, open_page: Opener, language: str, facts: list[str]
) -> None:
    tracks, rows, things, levels = [], [], [], []
    for number, kind in enumerate(KINDS, 1):
        tracks.append(Track(number, TrackKind.PROCESS, f"p{number}", number, number, 0, False, 0))
        things.append(ObjectRow(number, kind, kind.word, number, 1))
        rows.append(
            Slice(
                number, 50 * MS, OPEN, State.BLOCKED, Reason[kind.name], number,
                evidence=Evidence.KERNEL, reason_evidence=Evidence.PROBE,
            )
        )  # fmt: skip
        if kind is not ObjectKind.LOCK:
            levels += [Level(number, 10 * MS, 2, 3), Level(number, 40 * MS, 1, 3)]
            levels += [Level(number, 60 * MS, 0, 3)]
    batch = Batch(tracks=tracks, objects=things, slices=rows, levels=levels)
    head: dict[str, Any] = {"run": scenes.run_head(), "vocabulary": vocabulary()}
    publish(server, [frame_of(batch, 0, 100 * MS, state="running", **head)])
    page = open_page(query=f"?lang={language}")
    page.wait("globalThis.timeslice?.model.seq >= 0")
    told = [page.page.evaluate(JS, [number, 0]) for number in range(1, 5)]
    for fact, of in zip(facts, told, strict=False):
        assert fact in of
    assert not [fact for fact in told[3] if fact in facts or "then" in fact]


def test_wait_at_a_queue_for_its_pipe_tells_no_level(server: PageServer, open_page: Opener) -> None:
    track = Track(1, TrackKind.PROCESS, "feeder", 1, 1, 0, False, 0)
    row = Slice(
        1, 50 * MS, OPEN, State.BLOCKED, Reason.PIPE, 1,
        evidence=Evidence.KERNEL, reason_evidence=Evidence.PROBE,
    )  # fmt: skip
    things = [ObjectRow(1, ObjectKind.QUEUE, "items", 1, 1)]
    batch = Batch(tracks=[track], objects=things, slices=[row], levels=[Level(1, 10 * MS, 4, 9)])
    head: dict[str, Any] = {"run": scenes.run_head(), "vocabulary": vocabulary()}
    publish(server, [frame_of(batch, 0, 100 * MS, state="running", **head)])
    page = open_page()
    page.wait("globalThis.timeslice?.model.seq >= 0")
    assert not [fact for fact in page.page.evaluate(JS, [1, 0]) if "then" in fact]
