"""What the page says, and draws, of CPU time that the hypervisor took."""

from __future__ import annotations

from typing import Any

import pytest

from app.timeline.heads import frame_of
from app.timeline.model import OPEN, Batch, Slice, Stats, Stolen, Track
from app.timeline.states import Evidence, State, TrackKind, vocabulary
from tests.browser import scenes
from tests.browser.conftest import Opener, publish
from tests.browser.server import PageServer

MS = scenes.MS

FACTS = """async () => {
  const main = document.querySelector("script[type=module]").src;
  const { sliceFacts } = await import(new URL("../view/slice_facts.js", main).href);
  return [0, 1, 2].map((row) => sliceFacts(timeslice.model, 1, row, timeslice.model.nowNs));
}"""

CPU_ROWS = """() => timeslice.painter.layout.rows
  .filter((row) => row.type === "cpu").map((row) => [row.name, row.detail])"""

#: The colour of the strip at the bottom of a CPU's row, for each CPU and time in ms.
STRIP = """(points) => {
  const { painter, view } = timeslice;
  painter.paint();
  const ratio = globalThis.devicePixelRatio || 1;
  const { width, height } = painter.canvas;
  const { data } = painter.pen.getImageData(0, 0, width, height);
  return points.map(([cpu, ms]) => {
    const row = painter.layout.rows.find((row) => row.type === "cpu" && row.id === cpu);
    const bottom = painter.axisPx + row.top - view.scrollTop + row.height;
    const x = Math.round(view.scale.toPx(ms * 1e6) * ratio);
    const at = 4 * (Math.round((bottom - 2.5) * ratio) * width + x);
    return data.slice(at, at + 3).join(",");
  });
}"""


def publish_run(server: PageServer) -> None:
    track = Track(1, TrackKind.PROCESS, "work.py", 1, 1, 0, False, 0)
    rows = [
        Slice(1, 0, 50 * MS, State.RUNNING, cpu=0, evidence=Evidence.KERNEL),
        Slice(1, 50 * MS, 60 * MS, State.READY, evidence=Evidence.KERNEL),
        Slice(1, 60 * MS, OPEN, State.RUNNING, cpu=1, evidence=Evidence.KERNEL),
    ]
    stats = Stats(1, 90 * MS, 10 * MS, uncounted_ns=7 * MS)
    # Of the second, at most 5 ms lie in the slice on that CPU.
    stolen = [Stolen(0, 10 * MS, 40 * MS, 10 * MS), Stolen(1, 55 * MS, 65 * MS, 10 * MS)]
    batch = Batch(tracks=[track], slices=rows, stats=[stats], stolen=stolen)
    head: dict[str, Any] = {"run": scenes.run_head(), "vocabulary": vocabulary()}
    publish(server, [frame_of(batch, 0, 100 * MS, state="running", **head)])


@pytest.mark.parametrize(
    ("language", "fact", "detail", "of_track"),
    [
        (
            "en",
            "up to {} of it stolen by the hypervisor",
            "{} stolen",
            "7.00 ms counted as running, but not by the kernel's account of CPU time",
        ),
        (
            "zh",
            "其中至多 {} 被虚拟机监控程序窃取",
            "被窃取 {}",
            "有 7.00 ms 记为运行，但内核的 CPU 时间账目中没有",
        ),
    ],
)
def test_stolen_time_is_said_of_slices_cpus_and_tracks(
    server: PageServer, open_page: Opener, language: str, fact: str, detail: str, of_track: str
) -> None:
    publish_run(server)
    page = open_page(query=f"?lang={language}")
    page.wait("globalThis.timeslice?.model.seq >= 0")
    first, ready, second = page.page.evaluate(FACTS)
    assert fact.format("10.0 ms") in first
    assert fact.format("5.00 ms") in second
    assert not [said for said in ready if said.startswith(fact.partition("{")[0])]
    assert page.page.evaluate(CPU_ROWS) == [
        ["CPU 0", detail.format("10.0 ms")],
        ["CPU 1", detail.format("10.0 ms")],
    ]
    page.page.evaluate("() => timeslice.view.hoverAt(null, 1, null)")
    page.wait(f"document.getElementById('details-facts').textContent.includes({of_track!r})")


def test_stolen_time_is_drawn_where_it_was_taken_alone(
    server: PageServer, open_page: Opener
) -> None:
    publish_run(server)
    page = open_page()
    page.wait("globalThis.timeslice?.model.seq >= 0")
    strip, none, other, gone = page.page.evaluate(STRIP, [[0, 20], [0, 45], [1, 62], [1, 80]])
    assert none == gone
    assert len({strip, none, other}) == 3, "of the second CPU all was taken: it is stronger"
