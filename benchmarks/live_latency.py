"""From the kernel's timestamp to the painted frame, live, in Chromium.

Starts the server on a free port, opens a run's page in a headless browser, and takes for every
slice that a frame brought the time between the slice's own timestamp (CLOCK_MONOTONIC, given by
the kernel or the probe) and the paint that showed it. The browser's clock is laid over
CLOCK_MONOTONIC by reading both in turn; the error is bounded by the shortest round trip, printed.

    python -m benchmarks.live_latency [--scenario SLUG] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

#: Runs in the page before any of its scripts: keeps when each frame came, and its rows' times.
FRAMES_JS = """
window.__frames = [];
const Real = window.WebSocket;
window.WebSocket = class extends Real {
  constructor(...args) {
    super(...args);
    this.addEventListener('open', () => { window.__opened ??= performance.now(); });
    this.addEventListener('message', event => {
      const view = new DataView(event.data);
      const headLength = view.getUint32(16, true);
      const head = JSON.parse(new TextDecoder().decode(
        new Uint8Array(event.data, 32, headLength)));
      const rows = head.rows[0];
      const times = [];
      for (let i = 0; i < rows; i++) {
        const start = view.getFloat64(32 + headLength + 8 * i, true);
        const end = view.getFloat64(32 + headLength + 8 * (rows + i), true);
        times.push(end < 0 ? start : end);
      }
      window.__frames.push({
        seq: view.getUint32(12, true), came: performance.now(), times,
        snapshot: (view.getUint16(10, true) & 1) === 1,
        start: head.run && head.run.start_monotonic_ns,
        ended: head.state === 'ended', now: view.getFloat64(24, true),
      });
    });
  }
};
window.__paints = [];
const watch = () => {
  const last = window.timeslice && window.timeslice.painter.lastPaint;
  const paints = window.__paints;
  if (last && (!paints.length || paints[paints.length - 1].seq !== last.seq && last.seq >= 0))
    paints.push({seq: last.seq, at: last.paintedAt});
  requestAnimationFrame(watch);
};
requestAnimationFrame(watch);
"""


def clock_offset_ns(page: Page) -> tuple[int, int]:
    """CLOCK_MONOTONIC minus the page's clock, and the bound of its error, both in ns."""
    best: tuple[int, int] | None = None
    for _ in range(50):
        before = time.monotonic_ns()
        inside = page.evaluate("performance.now()")
        after = time.monotonic_ns()
        if best is None or after - before < best[1]:
            best = ((before + after) // 2 - int(inside * 1e6), after - before)
    assert best is not None
    return best[0], best[1] // 2


def latencies_ms(page: Page) -> tuple[list[float], list[float], float]:
    """Per slice: ms to its frame's arrival, ms to its paint; and the clocks' error in ms."""
    offset, error = clock_offset_ns(page)
    frames: list[dict[str, Any]] = page.evaluate("window.__frames")
    paints: list[dict[str, Any]] = page.evaluate("window.__paints")
    opened = page.evaluate("window.__opened") * 1e6 + offset
    start = next(frame["start"] for frame in frames if frame["start"])
    arrived: list[float] = []
    painted: list[float] = []
    for frame in frames:
        # A snapshot tells the past at once, and the last frame waits for the claims.
        if frame["snapshot"] or frame["ended"] or not frame["times"]:
            continue
        paint = next((item for item in paints if item["seq"] >= frame["seq"]), None)
        if paint is None:
            continue
        for ns in frame["times"]:
            if start + ns < opened:
                continue  # told late to a viewer who came late
            arrived.append((frame["came"] * 1e6 + offset - start - ns) / 1e6)
            painted.append((paint["at"] * 1e6 + offset - start - ns) / 1e6)
    return arrived, painted, error / 1e6


def measure(scenario: str, runs: int) -> None:
    data = tempfile.mkdtemp(prefix="timeslice-latency-")
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TIMESLICE_DATA_DIR": data, "TIMESLICE_LANGUAGE": "en"},
    )
    try:
        assert server.stdout is not None
        url = next(word for word in server.stdout.readline().split() if word.startswith("http"))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
                args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
            )
            for number in range(runs):
                page = browser.new_page(bypass_csp=True)  # wait_for_function evaluates text
                page.add_init_script(FRAMES_JS)
                made = httpx.post(f"{url}/api/runs", json={"scenario": scenario, "params": {}})
                made.raise_for_status()
                page.goto(f"{url}/runs/{made.json()['id']}")
                page.wait_for_function("window.__frames.some(f => f.ended)", timeout=60_000)
                arrived, painted, error = latencies_ms(page)
                report(f"{scenario} run {number + 1}", arrived, painted, error)
                page.close()
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(data, ignore_errors=True)


def report(name: str, arrived: list[float], painted: list[float], error: float) -> None:
    def quantiles(values: list[float]) -> dict[str, float]:
        cut = statistics.quantiles(values, n=100)
        return {"p50": round(cut[49], 1), "p95": round(cut[94], 1), "max": round(max(values), 1)}

    print(
        json.dumps(
            {
                "run": name,
                "slices": len(painted),
                "to_browser_ms": quantiles(arrived),
                "to_paint_ms": quantiles(painted),
                "clock_error_ms": round(error, 2),
            }
        ),
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="process-states")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    measure(options.scenario, options.runs)


if __name__ == "__main__":
    main()
