"""Two browsers at one server: what one started, the other can only watch."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from app.cli.server import listening_socket
from app.web.protocols import options
from tests.browser.conftest import RunPage
from tests.runs.make import FakeLauncher
from tests.web.make import application

STOP = """async (id) => {
  const answer = await fetch(`/api/runs/${id}`, { method: "DELETE" });
  return [answer.status, await answer.json()];
}"""
STATE = "async (id) => await (await fetch(`/api/runs/${id}`)).json()"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The application's, whose runs last until they are stopped."""
    app = application(tmp_path, FakeLauncher(script=3))
    with listening_socket("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(app, **options(app.state.site.settings)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def state(page: Page, run: str) -> tuple[str, bool]:
    found = page.evaluate(STATE, run)
    return found["state"], found["yours"]


def test_second_browser_can_neither_stop_nor_pretend_to_have_started_a_run(
    browser: Browser, url: str
) -> None:
    mine, other = browser.new_context(), browser.new_context()
    page = RunPage(mine.new_page())
    page.page.goto(f"{url}/scenarios/dead-lock")
    page.page.click("#settings-form button.start")
    page.page.wait_for_url(re.compile("/runs/"))
    run = page.page.url.rpartition("/")[2]
    page.wait("document.querySelector('#stop-run')?.hidden === false")

    theirs = RunPage(other.new_page())
    theirs.page.goto(page.page.url)
    theirs.wait("globalThis.timeslice?.model.seq >= 0")
    assert theirs.page.locator("#stop-run").count() == 0
    status, problem = theirs.page.evaluate(STOP, run)
    assert status == 403 and "who started" in problem["detail"]
    # Made-up cookies, and what stands in the first one's, help as little.
    [cookie] = [each for each in mine.cookies() if each["name"] == "visitor"]
    number = str(cookie.get("value")).partition(".")[0]
    for made_up in (number, number + ".x.y", "0" * 32):
        other.add_cookies([{"name": "visitor", "value": made_up, "url": url}])
        assert theirs.page.evaluate(STOP, run)[0] == 403
    assert state(theirs.page, run) == ("running", False)
    theirs.page.goto(f"{url}/compare/{run}/{run}")
    assert theirs.page.locator("[data-command=stop]").count() == 0

    assert state(page.page, run) == ("running", True)
    page.page.click("#stop-run")
    page.wait("timeslice.model.state === 'ended'")
    assert state(page.page, run) == ("stopped", True)
    mine.close()
    other.close()


def test_stop_that_is_refused_says_why(browser: Browser, url: str) -> None:
    """The cookie may be gone while the page is open."""
    context = browser.new_context()
    page = RunPage(context.new_page())
    page.page.goto(f"{url}/scenarios/dead-lock")
    page.page.click("#settings-form button.start")
    page.page.wait_for_url(re.compile("/runs/"))
    page.wait("document.querySelector('#stop-run')?.hidden === false")
    context.clear_cookies()
    page.page.click("#stop-run")
    page.wait("document.querySelector('#run-notice').textContent.includes('who started')")
    context.close()
