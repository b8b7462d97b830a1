"""The browser's model is the frames' timeline, and the canvas shows it."""

from __future__ import annotations

import struct
from typing import Any

from app.timeline import rows
from app.timeline.frames import encode
from app.timeline.model import OPEN, Slice
from app.timeline.states import State, vocabulary
from app.timeline.timeline import Timeline
from tests.browser import scenes
from tests.browser.conftest import Opener, publish
from tests.browser.server import PageServer
from tests.merging import merge

MODEL = """(() => {
  const { model } = timeslice;
  const rows = [];
  for (const [track, columns] of model.slices) {
    for (let i = 0; i < columns.length; i += 1) {
      rows.push([track, columns.start[i], columns.end[i], columns.state[i], columns.reason[i],
        columns.object[i], columns.holder[i], columns.cpu[i], columns.line[i],
        columns.evidence[i], columns.reasonEvidence[i]]);
    }
  }
  const flows = [];
  for (let i = 0; i < model.flows.length; i += 1) {
    const f = model.flows;
    flows.push([f.kind[i], f.fromTrack[i], f.from[i], f.toTrack[i], f.to[i], f.object[i]]);
  }
  return { rows, flows, tracks: [...model.tracks.values()], state: model.state,
    nowNs: model.nowNs, seq: model.seq, output: model.output.map((item) => item.text),
    claims: [...model.claims.keys()], findings: [...model.findings.values()] };
})()"""


def as_page_tells(timeline: Timeline) -> dict[str, Any]:
    return {
        "rows": sorted(list(map(int, row)) for row in timeline.rows()),
        "flows": [list(map(int, flow)) for flow in timeline.flows],
        "state": timeline.state,
        "nowNs": timeline.now_ns,
        "seq": timeline.seq,
        "output": [item.text for item in timeline.output],
        "claims": list(timeline.claims),
    }


def model_of(page: Any) -> dict[str, Any]:
    told: dict[str, Any] = page.get(MODEL)
    told["rows"].sort()
    return told


def test_model_equals_the_frames_timeline(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    publish(server, frames, done=True)
    page = open_page()
    page.wait_painted(frames[-1].seq)

    told, expected = model_of(page), as_page_tells(Timeline(frames))

    assert {name: told[name] for name in expected} == expected
    assert len(told["tracks"]) == len(scenes.tracks())


def test_model_forgets_at_a_snapshot(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    half = len(frames) // 2
    # A snapshot carries the number of the last frame in it; the viewer missed those between.
    publish(server, [*frames[:5], merge(frames[:half]), *frames[half:]], done=True)
    page = open_page()
    page.wait_painted(frames[-1].seq)

    told, expected = model_of(page), as_page_tells(Timeline(frames))

    assert {name: told[name] for name in expected} == expected


def test_columns_hold_to_the_law_of_the_open_row(server: PageServer, open_page: Opener) -> None:
    """Also for rows that no run has, which begin before the open one."""
    times = [(10, OPEN), (5, 8), (8, OPEN), (8, 20), (20, OPEN), (3, OPEN), (4, 6)]
    expected: list[Slice] = []
    for start, end in times:
        rows.add(expected, Slice(1, start, end, State.READY))

    kept = open_page().page.evaluate(
        """(times) => import('/static/js/model/columns.js').then(({ SliceColumns }) => {
          const zeros = times.map(() => 0);
          const rows = { start_ns: times.map((one) => one[0]), end_ns: times.map((one) => one[1]) };
          for (const name of ["object", "holder", "line", "cpu", "state", "reason", "evidence",
            "reason_evidence"]) rows[name] = zeros;
          const columns = new SliceColumns();
          times.forEach((_, i) => columns.append(rows, i));
          return zeros.slice(0, columns.length).map((_, i) => [columns.start[i], columns.end[i]]);
        })""",
        [list(one) for one in times],
    )

    assert kept == [[row.start_ns, row.end_ns] for row in expected]


def test_vocabulary_equals_the_enums(server: PageServer, open_page: Opener) -> None:
    page = open_page()

    told = page.page.evaluate(
        "() => import('/static/js/model/vocabulary.js').then((it) => it.VOCABULARY)"
    )
    codes = page.page.evaluate(
        "() => import('/static/js/model/vocabulary.js').then((it) => [it.STATE, it.REASON])"
    )

    assert told == vocabulary()
    for enum, words in zip(codes, (vocabulary()["state"], vocabulary()["reason"]), strict=True):
        assert {name.lower().replace("_", "-"): code for name, code in enum.items()} == {
            word: code for code, word in enumerate(words)
        }


def test_every_state_that_is_known_has_a_kind(server: PageServer, open_page: Opener) -> None:
    words = vocabulary()

    kinds = open_page().page.evaluate(
        """([states, reasons]) => import('/static/js/model/vocabulary.js').then((it) =>
          states.map((_, state) => reasons.map((_, reason) => it.KINDS[it.kindOf(state, reason)])))
        """,
        [words["state"], words["reason"]],
    )

    for state, found in zip(words["state"], kinds, strict=True):
        assert ("unknown" in found) == (state in ("unknown", "exited", "done")), state


def test_unknown_version_is_said(server: PageServer, open_page: Opener) -> None:
    frame = bytearray(encode(scenes.dinner()[0]))
    struct.pack_into("<H", frame, 8, 7)
    server.publish([bytes(frame)])
    page = open_page()
    page.wait("timeslice.stream.state === 'failed'")
    page.wait_panels()

    assert page.text("#run-notice") == "This frame is of version 7; this page reads version 1."
    assert page.get("timeslice.model.seq") == -1


def test_damaged_frames_are_said(server: PageServer, open_page: Opener) -> None:
    whole = encode(scenes.dinner()[0])
    unknown_state = bytearray(encode(scenes.dinner()[0]))
    offset = 32 + struct.unpack_from("<I", whole, 16)[0]
    rows = len(scenes.dinner()[0].slices)
    size = sum(-(-rows * width // 8) * 8 for width in (8, 8, 4, 4, 4, 4, 2))
    unknown_state[offset + size] = 99
    for bad, sentence in (
        (whole[:-8], "The server sent a damaged frame."),
        (b"GET /" + whole[5:], "The server sent bytes that are no Timeslice frame."),
        (bytes(unknown_state), "The frame names a state that this page does not know."),
    ):
        server.clear()
        server.publish([bad])
        page = open_page()
        page.wait("timeslice.stream.state === 'failed'")
        page.wait_panels()
        assert page.text("#run-notice") == sentence


def test_canvas_shows_each_state_in_its_colour(server: PageServer, open_page: Opener) -> None:
    frames = scenes.dinner()
    publish(server, frames, done=True)
    page = open_page(color_scheme="light")
    page.wait_painted(frames[-1].seq)

    def pixel(track: int, ms: float) -> list[int]:
        x, y = page.place_of(track, ms * scenes.MS)
        found: list[int] = page.page.evaluate(
            """([x, y]) => {
              const { canvas } = timeslice.painter;
              const box = canvas.getBoundingClientRect();
              const ratio = canvas.width / box.width;
              const at = [Math.round((x - box.left) * ratio), Math.round((y - box.top) * ratio)];
              const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
              copy.drawImage(canvas, -at[0], -at[1]);
              return [...copy.getImageData(0, 0, 1, 1).data];
            }""",
            [x, y],
        )
        return found[:3]

    running = pixel(scenes.SIBLING, 700)
    waiting_for_main = pixel(scenes.MAIN, 1300)
    deadlocked = pixel(scenes.ANN, 1700)
    sleeping = pixel(scenes.DAEMON, 700)

    assert running == [0x12, 0x85, 0x5F]
    assert deadlocked == [0xC9, 0x3C, 0x32]
    assert min(sleeping) > 220 and min(waiting_for_main) > 200  # pale
