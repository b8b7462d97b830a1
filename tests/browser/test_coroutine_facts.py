"""What the page says of a coroutine beyond its own slice: who waits for whom, and its thread."""

from __future__ import annotations

from typing import Any

import pytest

from app.timeline.frames import Frame
from app.timeline.heads import frame_of
from app.timeline.model import OPEN, Batch, Finding, ObjectRow, Slice, Track, Wait
from app.timeline.states import Evidence, ObjectKind, Reason, State, TrackKind, vocabulary
from tests.browser import scenes
from tests.browser.conftest import Opener, publish
from tests.browser.server import PageServer

MS = scenes.MS
LOOP, MAIN, ANN, BOB = 1, 2, 3, 4
LEFT = 1

JS = """async ([track, row]) => {
  const main = document.querySelector("script[type=module]").src;
  const { sliceFacts } = await import(new URL("../view/slice_facts.js", main).href);
  const { findingSentence } = await import(new URL("../view/finding_sentences.js", main).href);
  const { plain } = await import(new URL("../base/messages.js", main).href);
  const { model } = timeslice;
  const [finding] = model.findings.values();
  return [sliceFacts(model, track, row, model.nowNs),
    plain(findingSentence(model, finding).sentence)];
}"""


def frame() -> Frame:
    """Ann holds ``left`` and awaits Bob, who waits for it; main awaits Ann. Bob's first step had
    put the loop's thread to sleep."""
    probe, kind = Evidence.PROBE, TrackKind
    tracks = [Track(LOOP, kind.PROCESS, "program.py", 9, 9, 0, False, 0)]
    for track, name in ((MAIN, "main"), (ANN, "Ann"), (BOB, "Bob")):
        tracks.append(Track(track, kind.COROUTINE, name, 9, 0, LOOP, False, 0))

    def waits(track: int, start: int, reason: Reason, thing: int, holder: int) -> Slice:
        return Slice(
            track, start * MS, OPEN, State.AWAITING, reason, thing, holder,
            evidence=probe, reason_evidence=probe,
        )  # fmt: skip

    rows = [
        Slice(LOOP, 0, 20 * MS, State.RUNNING, cpu=0, evidence=Evidence.KERNEL),
        Slice(LOOP, 20 * MS, 90 * MS, State.BLOCKED, Reason.SLEEP, evidence=Evidence.KERNEL),
        Slice(LOOP, 90 * MS, OPEN, State.RUNNING, cpu=0, evidence=Evidence.KERNEL),
        waits(MAIN, 0, Reason.TASK, 0, ANN),
        waits(ANN, 0, Reason.TASK, 0, BOB),
        Slice(BOB, 0, 100 * MS, State.RUNNING, evidence=probe),
        waits(BOB, 100, Reason.LOCK, LEFT, ANN),
    ]
    cycle = [Wait(ANN, 0, BOB, 9, 0, 0), Wait(BOB, LEFT, ANN, 6, 0, 5)]
    batch = Batch(
        tracks=tracks,
        objects=[ObjectRow(LEFT, ObjectKind.LOCK, "left", MAIN, 1)],
        slices=rows,
        findings=[Finding("deadlock-3-4", "deadlock", 100 * MS, OPEN, cycle)],
    )
    head: dict[str, Any] = {"run": scenes.run_head(), "vocabulary": vocabulary()}
    return frame_of(batch, 0, 300 * MS, state="running", **head)


@pytest.mark.parametrize(
    ("language", "chain", "thread", "cycle"),
    [
        (
            "en",
            "who waits for whom: main → Ann → Bob → Ann",
            "its thread meanwhile: sleeping, 70.0 ms",
            "Ann holds left and waits for Bob; Bob waits for left. Nobody can go on.",
        ),
        ("zh", "谁在等谁：main → Ann → Bob → Ann", "此时它的线程：睡眠，70.0 ms", ""),
    ],
)
def test_coroutine_tells_its_chain_and_what_its_thread_did(
    server: PageServer, open_page: Opener, language: str, chain: str, thread: str, cycle: str
) -> None:
    publish(server, [frame()])
    page = open_page(query=f"?lang={language}")
    page.wait("globalThis.timeslice?.model.seq >= 0")
    waiting, sentence = page.page.evaluate(JS, [MAIN, 0])
    assert chain in waiting
    running, _ = page.page.evaluate(JS, [BOB, 0])
    assert thread in running
    assert cycle in sentence
