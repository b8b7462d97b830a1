"""A million slices: the columns, their sums, and the pace of painting."""

from __future__ import annotations

from app.timeline.states import State
from tests.browser.conftest import Opener, RunPage
from tests.browser.server import PageServer

TRACKS = 8

#: Fills the page's model with `count` slices: running, ready and wants-the-GIL by turns.
FILL = """([count, tracks]) => {
  const { model, view, painter } = timeslice;
  const each = count / tracks;
  const head = { state: "ended", run: {}, tracks: [] };
  for (let id = 1; id <= tracks; id += 1) {
    head.tracks.push({ id, kind: id === 1 ? "process" : "thread", name: `T${id}`, pid: 1, tid: id,
      parent: id === 1 ? null : 1, daemon: false, start_ns: 0, end_ns: each * 1000, end: null });
  }
  const rows = { start_ns: new Float64Array(count), end_ns: new Float64Array(count),
    track: new Uint32Array(count), object: new Uint32Array(count),
    holder: new Uint32Array(count), line: new Uint32Array(count), cpu: new Int16Array(count),
    state: new Uint8Array(count), reason: new Uint8Array(count),
    evidence: new Uint8Array(count).fill(1), reason_evidence: new Uint8Array(count) };
  for (let i = 0; i < count; i += 1) {
    const at = Math.floor(i / tracks);
    rows.track[i] = 1 + (i % tracks);
    rows.start_ns[i] = at * 1000;
    rows.end_ns[i] = at * 1000 + 1000;
    rows.state[i] = [3, 2, 5][(at + i) % 3];
    rows.cpu[i] = rows.state[i] === 3 ? i % 2 : -1;
  }
  model.apply({ seq: 0, nowNs: each * 1000, snapshot: true, head, sliceCount: count,
    flowCount: 0, slices: rows, flows: null });
  view.fit();
  painter.paint();
}"""

#: The median time of a paint in ms while the picture is panned at several zooms.
PACE = """() => {
  const { view, painter } = timeslice;
  const times = [];
  for (const zoom of [1, 0.5, 0.1, 0.01, 0.001]) {
    view.fit();
    view.zoom(700, zoom);
    for (let step = 0; step < 12; step += 1) {
      view.pan(7);
      painter.paint();
      times.push(painter.lastPaint.tookMs);
    }
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}"""


def filled(page: RunPage, count: int) -> RunPage:
    page.page.evaluate(FILL, [count, TRACKS])
    return page


def test_million_slices_pan_as_smoothly_as_few(server: PageServer, open_page: Opener) -> None:
    page = open_page(1440, 900)
    few = filled(page, 16_000).page.evaluate(PACE)
    many = filled(page, 1_000_000).page.evaluate(PACE)

    assert page.get("timeslice.model.sliceCount") == 1_000_000
    # 60 times the slices; a painter that walks all of them takes 60 times as long.
    assert many < 20 * max(few, 1), f"{few} ms → {many} ms"


def test_million_slices_merge_below_a_pixel(server: PageServer, open_page: Opener) -> None:
    page = filled(open_page(1440, 900), 1_000_000)
    calls = page.page.evaluate(
        """() => {
          const { painter } = timeslice;
          let calls = 0;
          for (const name of ["fillRect", "fill"]) {
            const own = painter.pen[name];
            painter.pen[name] = function (...given) { calls += 1; return own.apply(this, given); };
          }
          painter.paint();
          delete painter.pen.fillRect;
          delete painter.pen.fill;
          return calls;
        }"""
    )
    # At most a few rectangles and dots for each pixel of each of ten rows.
    assert calls < 10 * 1440 * 3


def test_sums_of_a_span_equal_a_walk(server: PageServer, open_page: Opener) -> None:
    page = filled(open_page(), 48_000)
    wrong = page.page.evaluate(
        """() => {
          const { model } = timeslice;
          const columns = model.slicesOf(3);
          const wrong = [];
          for (let n = 0; n < 60; n += 1) {
            const from = (n * 104729) % 5_000_000;
            const to = from + ((n * 7919 * 131) % 900_000);
            const slow = new Float64Array(model.totals(3, 0, 0).length);
            for (let row = 0; row < columns.length; row += 1) {
              const ns = Math.min(to, columns.end[row]) - Math.max(from, columns.start[row]);
              if (ns > 0) slow[columns.kind[row]] += ns;
            }
            const fast = model.totals(3, from, to);
            if (slow.some((ns, kind) => Math.abs(ns - fast[kind]) > 1e-6)) wrong.push([from, to]);
          }
          return wrong;
        }"""
    )
    assert wrong == []
    assert page.get("timeslice.model.slicesOf(3).state[0]") in {
        State.RUNNING, State.READY, State.GIL,
    }  # fmt: skip


def test_intervals_find_what_touches_a_span(server: PageServer, open_page: Opener) -> None:
    page = open_page()
    wrong = page.page.evaluate(
        """async () => {
          const { Intervals } = await import("/static/js/model/intervals.js");
          const index = new Intervals();
          const ends = [];
          const wrong = [];
          for (let n = 0; n < 400; n += 1) {
            const start = n * 10 - ((n * 37) % 50);
            ends.push(n % 41 === 40 ? Infinity : start + ((n * 7919) % 300));
            index.add(start, n, start);
            if (n % 5) continue;
            // An open one closes now and then, as a lock that is got at last.
            if (n % 50 === 45) ends[n - 5] = start;
            for (const from of [start - 400, start - 60, start]) {
              const to = from + 90;
              const [first, after] = index.touching(from, to, (a) => ends[a]);
              const found = new Set();
              for (let i = first; i < after; i += 1) {
                if (ends[index.a[i]] >= from) found.add(index.a[i]);
              }
              for (let k = 0; k <= n; k += 1) {
                const begin = k * 10 - ((k * 37) % 50);
                const touches = begin <= to && ends[k] >= from;
                if (touches !== found.has(k)) wrong.push([n, from, k, touches]);
              }
            }
          }
          return wrong;
        }"""
    )
    assert wrong == []


def test_intervals_that_began_long_ago_stand_in_their_places(
    server: PageServer, open_page: Opener
) -> None:
    """As the open rows of a snapshot, which come last."""
    page = open_page()
    wrong = page.page.evaluate(
        """async () => {
          const { Intervals } = await import("/static/js/model/intervals.js");
          const index = new Intervals();
          const [starts, ends, wrong] = [[], [], []];
          const add = (start, end) => {
            index.add(start, starts.length, 0);
            starts.push(start);
            ends.push(end);
          };
          for (let n = 0; n < 1000; n += 1) {
            add(n * 10, n * 10 + 5);
            const late = n % 100 === 99 ? 7 : 0;
            for (let k = 0; k < late; k += 1) add((n * k * 13) % (n * 10), Infinity);
            if (n % 50) continue;
            const [first, after] = index.touching(n * 3, n * 5, (a) => ends[a]);
            for (let i = 1; i < index.length; i += 1) {
              if (index.start[i - 1] > index.start[i]) wrong.push([n, i]);
            }
            const found = new Set(index.a.slice(first, after));
            starts.forEach((start, a) => {
              if (start <= n * 5 && ends[a] >= n * 3 && !found.has(a)) wrong.push([n, "lost", a]);
            });
            if (index.length !== starts.length) wrong.push([n, "count"]);
          }
          return wrong;
        }"""
    )
    assert wrong == []
