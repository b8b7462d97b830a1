"""Chromium and a server for the run page; every wait is for a condition, inside the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from app.timeline.frames import Frame, encode
from tests.browser.server import PageServer, serving

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WAIT_MS = 45_000

Opener = Callable[..., "RunPage"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


# Playwright keeps an event loop running in the thread while it is open, in which no other test
# may call asyncio.run: so both end with this package, not with the session.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("There is no Chromium: install it, or name it in CHROMIUM.")
        pytest.skip("There is no Chromium: install it, or name it in CHROMIUM.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def _server() -> Iterator[PageServer]:
    with serving() as server:
        yield server


@pytest.fixture
def server(_server: PageServer) -> PageServer:
    _server.clear()
    return _server


class RunPage:
    """A page of the browser with the run page in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        # A lost connection is told by Chromium itself; the page resumes, and tests ask whether.
        lost = message.text.startswith("WebSocket connection to")
        if message.type in ("error", "warning") and not lost:
            self.complaints.append(message.text)

    def get(self, expression: str) -> Any:
        return self.page.evaluate(f"() => ({expression})")

    def wait(self, condition: str, within_ms: int = WAIT_MS) -> None:
        """Until ``condition`` (JavaScript) is true in an animation frame."""
        self.page.evaluate(
            f"""() => new Promise((done, failed) => {{
              const late = performance.now() + {within_ms};
              const look = () => {{
                if ({condition}) done();
                else if (performance.now() > late) failed(new Error("waited in vain"));
                else requestAnimationFrame(look);
              }};
              look();
            }})"""
        )

    def wait_painted(self, seq: int) -> None:
        """Until the frame ``seq`` is in the picture and the panels have said what it brought."""
        self.wait(f"globalThis.timeslice?.painter.lastPaint.seq >= {seq}")
        self.wait_panels()

    def wait_panels(self) -> None:
        """Until panels and table, which follow at their own pace, have shown all that came."""
        self.wait("timeslice.settled()")

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def place_of(self, track: int, ns: float) -> tuple[float, float]:
        """Where a track's time lies on the page."""
        x, y = self.get(
            f"""(() => {{
              const {{ painter, view }} = timeslice;
              const row = painter.relayout().byTrack.get({track});
              const box = painter.canvas.getBoundingClientRect();
              return [box.left + view.scale.toPx({ns}),
                box.top + painter.axisPx + row.top + row.height / 2 - view.scrollTop];
            }})()"""
        )
        return x, y


@pytest.fixture
def open_page(browser: Browser, server: PageServer) -> Iterator[Opener]:
    """Opens the run page; afterwards it must not have complained in the console."""
    opened: list[RunPage] = []

    def open_one(width: int = 1280, height: int = 800, query: str = "", **more: Any) -> RunPage:
        page = browser.new_page(viewport={"width": width, "height": height}, **more)
        run_page = RunPage(page)
        opened.append(run_page)
        page.goto(server.url + "/" + query)
        run_page.wait("globalThis.timeslice !== undefined")
        return run_page

    yield open_one
    complaints = [line for run_page in opened for line in run_page.complaints]
    for run_page in opened:
        run_page.page.close()
    assert not complaints, "\n".join(complaints)


def publish(server: PageServer, frames: list[Frame], done: bool = False) -> None:
    server.publish([encode(frame) for frame in frames], done)
