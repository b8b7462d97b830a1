"""Live frames: painted at once, resumed without gap or repeat, the same for every viewer."""

from __future__ import annotations

from app.timeline.frames import encode
from tests.browser import scenes
from tests.browser.conftest import Opener, publish
from tests.browser.server import PageServer
from tests.browser.test_decoding import model_of


def test_stream_paints_each_frame_within_an_animation_frame(
    server: PageServer, open_page: Opener
) -> None:
    frames = scenes.dinner(ended=False)
    publish(server, frames[:3])
    page = open_page()
    page.wait_painted(2)
    page.page.evaluate(
        """() => {
          const { stream, painter } = timeslice;
          const onFrame = stream.onFrame;
          globalThis.waited = [];
          stream.onFrame = (frame) => {
            onFrame(frame);
            // Registered after the painter's own callback, so it runs after it in the same frame.
            requestAnimationFrame(() => waited.push([frame.seq, painter.lastPaint.seq]));
          };
        }"""
    )
    for frame in frames[3:12]:
        publish(server, [frame])
    page.wait_painted(11)

    waited = page.get("waited")
    assert [seq for seq, _ in waited] == list(range(3, 12))
    assert all(painted >= seq for seq, painted in waited)


def test_stream_resumes_with_no_gap_and_no_repeat(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    publish(server, frames[:10])
    page = open_page()
    page.page.evaluate(
        """() => {
          const { stream } = timeslice;
          const onFrame = stream.onFrame;
          globalThis.seen = [];
          stream.onFrame = (frame) => { seen.push(frame.seq); onFrame(frame); };
        }"""
    )
    page.wait_painted(9)
    server.cut()
    publish(server, frames[10:20])
    page.wait_painted(19)
    page.page.evaluate("() => timeslice.stream.cut()")
    publish(server, frames[20:], done=True)
    page.wait_painted(frames[-1].seq)

    seen = page.get("seen")
    assert seen == list(range(seen[0], frames[-1].seq + 1)) and seen[0] <= 10
    assert server.asked == [0, 10, 20]
    assert page.get("[timeslice.stream.repeats, timeslice.stream.gaps]") == [0, 0]
    assert page.get("timeslice.stream.state") == "ended"


def test_stream_is_the_same_for_two_viewers(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    publish(server, frames[:15])
    early = open_page()
    early.wait_painted(14)
    late = open_page(width=900)
    publish(server, frames[15:], done=True)
    early.wait_painted(frames[-1].seq)
    late.wait_painted(frames[-1].seq)

    assert model_of(early) == model_of(late)
    table = "document.querySelector('#text-rows').textContent"
    assert early.get(table) == late.get(table)


def test_stream_drops_a_repeat_and_asks_again_after_a_gap(
    server: PageServer, open_page: Opener
) -> None:
    frames = scenes.dinner(ended=False)
    # The server's list is out of step with the numbers: 1 comes twice, 3 is left out.
    server.publish([encode(frames[number]) for number in (0, 1, 1, 2, 4)])
    page = open_page()
    page.wait("timeslice.stream.gaps > 1")  # so the server has served the second connection too

    assert page.get("timeslice.stream.repeats") > 0
    assert page.get("timeslice.model.seq") == 2
    assert page.get("timeslice.model.version") == 3  # frames 0, 1, 2, each once
    assert server.asked[:2] == [0, 3]


def test_waiting_run_shows_its_place_in_the_queue(server: PageServer, open_page: Opener) -> None:
    server.state, server.position = "waiting", 4
    page = open_page()
    page.wait("document.querySelector('#run-state').textContent === 'number 4 in the queue'")

    server.state, server.position = "running", 0
    publish(server, scenes.dinner(ended=False)[:4])
    page.wait("document.querySelector('#run-state').textContent.startsWith('live')")


def test_hold_stops_the_picture_but_not_the_recording(
    server: PageServer, open_page: Opener
) -> None:
    frames = scenes.dinner(ended=False)
    publish(server, frames[:5])
    page = open_page()
    page.wait_painted(4)
    page.page.keyboard.press("Space")
    held = page.get("timeslice.view.nowNs")
    publish(server, frames[5:15])
    page.wait_painted(14)

    assert page.get("timeslice.view.nowNs") == held == frames[4].now_ns
    assert page.get("timeslice.model.nowNs") == frames[14].now_ns
    assert page.text("#run-state").startswith("paused at")
    page.page.keyboard.press("Space")
    assert page.get("timeslice.view.nowNs") == frames[14].now_ns


def test_follow_keeps_the_newest_moment_in_view(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner(ended=False)
    publish(server, frames[:10])
    page = open_page()
    page.wait_painted(9)
    for _ in range(6):
        page.page.keyboard.press("w")
    page.page.keyboard.press("l")
    span = page.get("timeslice.view.scale.spanNs")
    publish(server, frames[10:40])
    page.wait_painted(39)

    start, end = page.get("[timeslice.view.scale.startNs, timeslice.view.scale.endNs]")
    assert start < frames[39].now_ns < end
    assert round(end - start) == round(span)


def test_page_shifts_nothing_while_frames_come(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    publish(server, frames[:1])
    page = open_page()
    page.wait_painted(0)
    page.page.evaluate(
        """() => {
          globalThis.shifts = [];
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) {
              for (const { node } of entry.sources) shifts.push(node?.id || node?.className || "");
            }
          }).observe({ type: "layout-shift" });
        }"""
    )
    before = page.get("JSON.stringify(timeslice.painter.canvas.getBoundingClientRect())")
    for frame in frames[1:]:
        publish(server, [frame])
    page.wait_painted(frames[-1].seq)

    assert page.get("JSON.stringify(timeslice.painter.canvas.getBoundingClientRect())") == before
    moved = set(page.get("shifts"))
    assert not moved & {"timeline", "timeline-box", "program", "legend", "toolbar"}
