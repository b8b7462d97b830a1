"""Hover, pin, keys, claims, findings, output and the text equivalent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.timeline.model import Flow
from app.timeline.states import FlowKind
from tests.browser import scenes
from tests.browser.conftest import Opener, RunPage, publish
from tests.browser.server import PageServer

MS = scenes.MS


@pytest.fixture
def ended(server: PageServer, open_page: Opener) -> RunPage:
    frames = scenes.dinner()
    publish(server, frames, done=True)
    page = open_page()
    page.wait_painted(frames[-1].seq)
    return page


def hover(page: RunPage, track: int, ms: float) -> None:
    page.page.mouse.move(*page.place_of(track, ms * MS))
    page.wait(f"timeslice.view.hover?.track === {track}")
    page.wait("document.querySelector('#details-title').textContent !== 'Details'")


def click(page: RunPage, track: int, ms: float) -> None:
    page.page.mouse.click(*page.place_of(track, ms * MS))
    page.wait(f"timeslice.view.pin?.track === {track}")
    page.page.evaluate("() => new Promise(requestAnimationFrame)")


def test_hover_says_what_a_slice_is(ended: RunPage) -> None:
    hover(ended, scenes.BOB, 1300)

    assert ended.text("#details-title") == "Bob · thread 41873 · blocked"
    assert ended.text("#details-sentence") == "Waiting for Lock fork, held by Ann since line 6."
    facts = ended.text("#details-facts")
    assert facts.startswith("910 ms · since 0.930 s · at line 15 · in a cycle of 2")
    assert "known by: kernel + probe" in facts


def test_hover_says_what_is_not_known(ended: RunPage) -> None:
    hover(ended, scenes.SIBLING, 1550)

    assert ended.text("#details-sentence") == ("Not known: no witness saw this stretch of time.")
    assert "known by: not known" in ended.text("#details-facts")


def test_pin_marks_the_line_of_the_program(ended: RunPage) -> None:
    click(ended, scenes.BOB, 1300)
    ended.page.mouse.move(5, 5)

    marked = ended.page.locator("#program [aria-current]")
    assert marked.get_attribute("data-line") == str(scenes.BOB_LINE)
    assert "alarm" in (marked.get_attribute("class") or "")
    assert "Bob waits" in marked.inner_text()
    assert ended.text("#details-title").startswith("Bob ·")

    ended.page.keyboard.press("Escape")
    ended.wait("timeslice.view.pin === null && !document.querySelector('#program [aria-current]')")


def test_program_line_in_view_scrolls_its_box_only(ended: RunPage) -> None:
    before = ended.get("scrollY")
    click(ended, scenes.MAIN, 1300)

    box, line = ended.get(
        """['#program', '#program [aria-current]'].map((it) => {
          const { top, bottom } = document.querySelector(it).getBoundingClientRect();
          return [top, bottom];
        })"""
    )
    assert box[0] <= line[0] and line[1] <= box[1] + 1
    assert ended.get("scrollY") == before


def test_keys_zoom_pan_fit_and_go_back(ended: RunPage) -> None:
    whole = ended.get("timeslice.view.scale.spanNs")
    ended.page.keyboard.press("w")
    nearer = ended.get("timeslice.view.scale.spanNs")
    start = ended.get("timeslice.view.scale.startNs")
    ended.page.keyboard.press("d")
    later = ended.get("timeslice.view.scale.startNs")
    ended.page.keyboard.press("a")
    ended.page.keyboard.press("s")
    same = ended.get("timeslice.view.scale.spanNs")
    ended.page.keyboard.press("w")
    ended.page.keyboard.press("f")

    assert nearer < whole
    assert later > start
    assert same == pytest.approx(whole)
    assert ended.get("timeslice.view.scale.spanNs") == pytest.approx(whole)
    ended.page.keyboard.press("Backspace")
    assert ended.get("timeslice.view.scale.spanNs") == pytest.approx(nearer)


def test_arrow_keys_go_through_slices_and_tracks(ended: RunPage) -> None:
    ended.page.keyboard.press("ArrowRight")
    first = ended.get("timeslice.view.pin")
    ended.page.keyboard.press("ArrowRight")
    second = ended.get("timeslice.view.pin")
    ended.page.keyboard.press("ArrowDown")
    below = ended.get("timeslice.view.pin")
    ended.page.keyboard.press("ArrowUp")

    assert first == {"track": scenes.MAIN, "row": 0}
    assert second == {"track": scenes.MAIN, "row": 1}
    assert below["track"] == scenes.ANN
    assert ended.get("timeslice.view.pin.track") == scenes.MAIN
    said = ended.page.text_content("#announce-selection") or ""
    assert said.startswith("dinner.py · process 41870 · blocked. Waiting for Ann to end (join).")


def test_fold_hides_children_and_says_how_many(ended: RunPage) -> None:
    rows = "timeslice.painter.relayout().rows.filter((row) => row.type === 'track').length"
    everyone = len(scenes.tracks())
    assert ended.get(rows) == everyone

    click(ended, scenes.SIBLING, 700)
    ended.page.keyboard.press("[")

    assert ended.get(rows) == everyone - scenes.TASKS
    assert ended.get(f"timeslice.painter.relayout().byTrack.get({scenes.SIBLING}).folds") == 3
    ended.page.keyboard.press("]")
    assert ended.get(rows) == everyone


def test_wheel_zooms_at_the_pointer_and_drag_pans(ended: RunPage) -> None:
    x, y = ended.place_of(scenes.ANN, 600 * MS)
    ended.page.mouse.move(x, y)
    ended.page.mouse.wheel(0, -300)
    ended.wait("timeslice.view.scale.spanNs < 1.9e9")
    after, _ = ended.place_of(scenes.ANN, 600 * MS)
    assert after == pytest.approx(x, abs=1)

    ended.page.mouse.down()
    ended.page.mouse.move(x + 50, y, steps=4)
    ended.page.mouse.up()
    dragged, _ = ended.place_of(scenes.ANN, 600 * MS)
    assert dragged == pytest.approx(x + 50, abs=1)
    assert ended.get("timeslice.view.pin") is None


def test_key_sheet_opens_and_closes(ended: RunPage) -> None:
    ended.page.keyboard.press("?")
    assert ended.page.locator("#keys").is_visible()
    ended.page.keyboard.press("Escape")
    ended.page.locator("#keys").wait_for(state="hidden")


def test_claim_shows_its_evidence(ended: RunPage) -> None:
    items = ended.page.locator("#claims li")
    assert [item.get_attribute("data-verdict") for item in items.all()] == ["holds", "not-seen"]
    assert ended.text("#claims li:nth-child(1) .verdict") == "holds"

    ended.page.click("#claims li:nth-child(1) button")

    spans = ended.get("timeslice.view.highlights.map((span) => span.track)")
    assert spans == [scenes.ANN, scenes.BOB]
    start, end = ended.get("[timeslice.view.scale.startNs, timeslice.view.scale.endNs]")
    assert 0 < start < scenes.DEADLOCK_NS and end > scenes.END_NS


def test_deadlock_is_a_sentence(ended: RunPage) -> None:
    assert ended.text("#findings .finding-title") == "Deadlock from 0.930 s to 1.840 s."
    assert ended.text("#findings .finding-text") == (
        "Ann holds fork and waits for noodles; Bob holds noodles and waits for fork. "
        "Nobody could go on until the end."
    )


def test_deadlock_is_told_while_it_lasts(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner(ended=False)
    publish(server, frames)
    page = open_page()
    page.wait_painted(frames[-1].seq)

    assert page.text("#findings .finding-title") == "Deadlock since 0.930 s."
    assert page.text("#findings .finding-text").endswith("Nobody can go on.")
    assert page.text("#run-state").startswith("live 1.8")
    assert page.get("document.querySelector('#findings').getAttribute('aria-live')") == "polite"


def test_output_is_text_and_leads_to_its_moment(ended: RunPage) -> None:
    lines = ended.page.locator("#output li")
    assert lines.nth(0).locator(".output-text").inner_text() == "tick 80 <b>&amp;"
    assert lines.last.get_attribute("class") == "stderr"
    ended.page.select_option("#output-filter", str(scenes.MAIN))
    assert lines.count() == 1
    lines.nth(0).locator("button").click()
    assert ended.get("timeslice.view.pin.track") == scenes.MAIN


def test_text_equivalent_tells_states_and_endings(ended: RunPage) -> None:
    def row(track: int) -> list[str]:
        return ended.page.locator(f"#text-rows tr[data-track='{track}'] > *").all_text_contents()

    daemon, sibling = row(scenes.DAEMON), row(scenes.SIBLING)

    assert daemon[0] == "Daemon-1 (daemon)" and daemon[1] == "process"
    assert daemon[3] == "running 40.0 ms → sleeping 860 ms → zombie 60.0 ms"
    assert daemon[4].startswith(
        "1.000 s: A daemon: it was ended because its parent's main code had ended."
    )
    assert "unknown 100 ms → stopped 240 ms" in sibling[3]
    assert sibling[4] == "It is still there."
    assert row(scenes.ANN)[4] == "1.840 s: It vanished together with its process."

    section = ended.page.locator("#text-section")
    assert "visually-hidden" in (section.get_attribute("class") or "")
    ended.page.keyboard.press("t")
    assert "visually-hidden" not in (section.get_attribute("class") or "")


def test_legend_reports_the_visible_range_and_fades(ended: RunPage) -> None:
    ended.page.evaluate("() => timeslice.view.show(1.2e9, 1.4e9, 0)")
    ended.wait("document.querySelector('#visible-range').textContent === '1.200 s – 1.400 s'")
    entry = ended.page.locator(".legend-entry", has_text="running")
    # The sibling ran all the 200 ms, the logger 12 of them.
    assert "running: 212 ms in view" in (entry.get_attribute("title") or "")
    # Seen then: main, Ann, Bob, logger, sibling, each for 200 ms.
    assert entry.locator(".share").inner_text() == "21 %"

    entry.click()

    assert ended.get("timeslice.view.faded.has(0)")
    ended.wait("document.querySelector('.legend-entry').ariaPressed === 'false'")


def test_run_says_how_it_ended_and_how_it_is_known(ended: RunPage) -> None:
    assert ended.text("#run-state") == "ended after 1.84 s"
    assert ended.text("#run-notice") == "The program was killed by SIGKILL."
    assert ended.text("#witness-name") == "kernel + probe · switches exact"
    ended.page.click(".witness summary")
    assert "every switch of every thread" in ended.text("#witness-why")


#: What a paint does with the pen: calls by name.
PEN_CALLS = """(() => {
  const { painter } = timeslice;
  const counts = {};
  for (const name of ["bezierCurveTo", "setLineDash"]) {
    counts[name] = [];
    painter.pen[name] = function (...given) {
      counts[name].push(given.flat());
      return CanvasRenderingContext2D.prototype[name].apply(this, given);
    };
  }
  painter.paint();
  delete painter.pen.bezierCurveTo;
  delete painter.pen.setLineDash;
  return counts;
})()"""


def test_arrows_are_drawn_between_their_tracks(ended: RunPage) -> None:
    curves = ended.get(PEN_CALLS)["bezierCurveTo"]
    ends = ended.get(
        """Array.from({ length: timeslice.model.flows.length },
          (_, i) => timeslice.view.scale.toPx(timeslice.model.flows.to[i]))"""
    )
    assert sorted(curve[4] for curve in curves) == pytest.approx(sorted(ends))

    many = """timeslice.model.flows.append({
      from_ns: new Float64Array(60).fill(3e8), to_ns: new Float64Array(60).fill(3.1e8),
      from_track: new Uint32Array(60).fill(5), to_track: new Uint32Array(60).fill(6),
      object: new Uint32Array(60), kind: new Uint8Array(60) }, 60)"""
    ended.page.evaluate(f"() => {{ {many}; }}")
    assert ended.get(PEN_CALLS)["bezierCurveTo"] == []  # too many: none, unless one asks

    hover(ended, scenes.BOB, 1300)
    assert len(ended.get(PEN_CALLS)["bezierCurveTo"]) == 2  # Bob's own


def test_cycle_is_drawn_with_dashed_waits_and_solid_holds(ended: RunPage) -> None:
    dashes = ended.get(PEN_CALLS)["setLineDash"]
    ended.page.mouse.move(5, 5)

    assert dashes.count([4, 3]) == 2  # Ann and Bob wait
    assert len(dashes) == 2 * 4  # set and reset, for two waits and two holds

    ended.page.evaluate("() => timeslice.view.show(0, 0.5e9, 0)")
    assert ended.get(PEN_CALLS)["setLineDash"] == []  # before it began


def test_stop_asks_the_server_to_stop(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner(ended=False)
    publish(server, frames[:4])
    page = open_page()
    page.wait("!document.querySelector('#stop-run').hidden")
    with page.page.expect_request("**/api") as request:
        page.page.click("#stop-run")
    assert request.value.method == "DELETE"
    assert request.value.response()


def test_touch_pins_and_two_fingers_zoom(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    publish(server, frames, done=True)
    page = open_page(390, 844, has_touch=True)
    page.wait_painted(frames[-1].seq)
    x, y = page.place_of(scenes.SIBLING, 700 * MS)
    page.page.touchscreen.tap(x, y)
    page.wait(f"timeslice.view.pin?.track === {scenes.SIBLING}")
    span = page.get("timeslice.view.scale.spanNs")

    devtools = page.page.context.new_cdp_session(page.page)

    def fingers(kind: str, *places: float) -> None:
        points = [{"x": place, "y": y, "id": number} for number, place in enumerate(places)]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", x)
    fingers("touchStart", x, x + 20)
    for step in range(1, 9):
        fingers("touchMove", x - 5 * step, x + 20 + 5 * step)
    fingers("touchEnd")

    assert page.get("timeslice.view.scale.spanNs") < 0.5 * span
    assert page.get("document.documentElement.scrollWidth <= innerWidth")


def test_arrows_that_share_their_pixels_are_one(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    crowd = [
        Flow(FlowKind.RELEASE, scenes.ANN, 700 * MS + i * 1000, scenes.BOB, 700 * MS + i * 1000)
        for i in range(30)
    ]
    crowd.append(Flow(FlowKind.RELEASE, scenes.BOB, 700 * MS, scenes.ANN, 700 * MS))
    publish(server, [*frames[:-1], replace(frames[-1], flows=crowd)], done=True)
    page = open_page()
    page.wait_painted(frames[-1].seq)

    def drawn() -> int:
        count = """(() => {
          const { pen } = timeslice.painter;
          const curves = [];
          pen.bezierCurveTo = (...at) => { curves.push(at[4]); };
          timeslice.painter.paint();
          delete pen.bezierCurveTo;
          const x = timeslice.view.scale.toPx(700e6);
          return curves.filter((at) => Math.abs(at - x) < 20).length;
        })()"""
        return int(page.get(count))

    assert drawn() == 2  # one each way
    page.page.evaluate("() => timeslice.view.show(700e6, 700.03e6)")
    page.wait("timeslice.settled()")
    assert drawn() > 2  # nearer, they are told apart
