"""The whole way in a browser: from the form through a real run to the picture and the table."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.application import served
from tests.browser.conftest import RunPage

pytestmark = pytest.mark.real


OWN = """\
import sys, threading
thread = threading.Thread(target=print, args=(sys.argv,), name="greeter")
thread.start()
thread.join()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's, with the recording of a run that the command line made."""
    data: Path = tmp_path_factory.mktemp("data")
    (data / "runs").mkdir()
    program = tmp_path_factory.mktemp("own") / "greet <me>.py"
    program.write_text(OWN)
    recording = str(data / "runs/own.timeslice")
    command = [sys.executable, "-m", "app", "run", str(program), "--out", recording, "--", "a b"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    return data


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield address


def started(browser: Browser, url: str, slug: str, **settings: str) -> RunPage:
    """The run page of a run that the scenario's form has started."""
    page = RunPage(browser.new_page(viewport={"width": 1280, "height": 800}))
    page.page.goto(f"{url}/scenarios/{slug}")
    for name, value in settings.items():
        page.page.fill(f"#settings-form [name={name}]", value)
    page.page.click("#settings-form button.start")
    page.page.wait_for_url(re.compile("/runs/"))
    page.wait("globalThis.timeslice !== undefined")
    return page


def test_program_and_claims_beside_the_form_follow_what_is_set(browser: Browser, url: str) -> None:
    page = RunPage(browser.new_page(viewport={"width": 1280, "height": 800}))
    page.page.goto(f"{url}/scenarios/schedulers")
    program, claims = page.page.locator("#program"), page.page.locator("#checked")
    assert 'POLICY = "rr"' in (program.text_content() or "")
    before = claims.text_content()

    page.page.select_option("#settings-form [name=policy]", "fcfs")
    page.page.fill("#settings-form [name='jobs.1.burst']", "7")
    page.page.keyboard.press("Tab")  # it is changed when it is left
    has = "part => document.querySelector('#program').textContent.includes(part)"
    page.page.wait_for_function(has, arg='("A", 0, 7, 2, 0, 0)')
    assert 'POLICY = "fcfs"' in (program.text_content() or "")
    assert claims.text_content() != before and "convoy" in (claims.text_content() or "")

    page.page.goto(f"{url}/scenarios/lock-kinds")
    page.page.select_option("#settings-form [name=kind]", "barrier")
    page.page.wait_for_function(has, arg="threading.Barrier(THREADS)")
    page.page.close()


def test_daemon_is_seen_to_end_with_main_while_its_sibling_lives(
    browser: Browser, url: str
) -> None:
    page = started(browser, url, "daemon-process")
    page.wait("timeslice.model.state === 'ended'", 60_000)
    page.wait_panels()

    tracks = page.get("[...timeslice.model.tracks.values()]")
    (daemon,) = (track for track in tracks if track["end"]["cause"] == "daemon")
    (sibling,) = (
        track for track in tracks if track["parent"] == daemon["parent"] and not track["daemon"]
    )
    ended = page.page.locator(f"#text-rows tr[data-track='{daemon['id']}'] td[data-ended-ns]")
    lived = page.page.locator(f"#text-rows tr[data-track='{sibling['id']}'] td[data-ended-ns]")

    # On the canvas's data and in the table: the daemon first, its sibling later, by itself.
    assert sibling["end"]["cause"] == "returned"
    daemon_ns, sibling_ns = (
        float(cell.get_attribute("data-ended-ns") or "nan") for cell in (ended, lived)
    )
    assert daemon_ns < sibling_ns
    assert "A daemon: it was ended because its parent's main code had ended." in (
        ended.text_content() or ""
    )
    states = page.get(
        f"""(() => {{
          const columns = timeslice.model.slicesOf({sibling["id"]});
          const row = columns.rowAt({daemon_ns} + 1e6);
          return [columns.end[row] > {daemon_ns}, columns.state[row]];
        }})()"""
    )
    assert states[0] and states[1] != 7  # alive then, and no zombie
    assert page.page.locator("#claims [data-verdict='holds']").count() >= 1
    assert not page.complaints
    page.page.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_program_of_one_s_own_has_its_page(browser: Browser, url: str, language: str) -> None:
    page = RunPage(browser.new_page(viewport={"width": 1280, "height": 800}))
    page.page.goto(f"{url}/runs?lang={language}")
    page.page.get_by_role("list").get_by_role("link", name="greet <me>.py").click()
    page.wait("globalThis.timeslice?.model.state === 'ended'")
    page.wait_panels()

    assert page.page.title() == "greet <me>.py · Timeslice"
    assert page.text(".crumbs .here, .here") == "greet <me>.py"
    assert page.page.locator("a.here, #run-again").count() == 0
    assert not page.page.locator("#claims-hint").is_visible()
    code = page.page.locator("#program .code-text").all_text_contents()
    assert code == OWN.splitlines()
    assert page.text(".params dd") == "'a b'"
    assert "greeter" in page.text("#text-rows")
    with page.page.expect_download() as download:
        page.page.click(".file-name")
    assert Path(download.value.path()).read_text() == OWN
    assert not page.complaints
    page.page.close()


def test_two_browsers_and_a_cut_connection_see_the_same_run(browser: Browser, url: str) -> None:
    # It is stuck for longer than a slow machine takes to open another page.
    one = started(browser, url, "deadlock", patience="12")
    other = RunPage(browser.new_page(viewport={"width": 900, "height": 700}))
    other.page.goto(one.page.url)
    other.wait("globalThis.timeslice?.model.seq > 0")
    other.page.evaluate("() => timeslice.stream.cut()")
    other.wait("[...timeslice.model.findings.values()].some((it) => it.end_ns === null)", 60_000)
    other.wait("document.querySelector('#run-state').textContent.startsWith('live')")
    for page in (one, other):
        page.wait("timeslice.model.state === 'ended'", 60_000)
        page.wait_panels()

    count = """[timeslice.model.seq, timeslice.model.sliceCount, timeslice.model.flows.length,
        timeslice.model.output.length, [...timeslice.model.tracks.keys()].sort().join()]"""
    assert one.get(count) == other.get(count)
    table = "document.querySelector('#text-rows').textContent"
    assert one.get(table) == other.get(table)
    assert other.get("[timeslice.stream.repeats, timeslice.stream.gaps]") == [0, 0]
    assert one.text("#findings .finding-title").startswith("Deadlock from ")

    one.page.reload()
    one.wait("globalThis.timeslice?.model.state === 'ended'")
    one.wait_panels()
    assert one.get(table) == other.get(table)
    assert not one.complaints and not other.complaints
    one.page.close()
    other.page.close()


def test_stop_button_ends_a_real_run(browser: Browser, url: str) -> None:
    page = started(browser, url, "deadlock", patience="20")
    page.wait("timeslice.model.tracks.size >= 3", 60_000)
    page.page.click("#stop-run")
    page.wait("timeslice.model.state === 'ended'", 60_000)
    page.wait_panels()

    kinds = page.get("[...timeslice.model.findings.values()].map((it) => it.facts.name)")
    assert "stopped" in kinds
    assert "The run was stopped." in page.text("#findings")
    assert not page.page.locator("#stop-run").is_visible()
    assert not page.complaints
    page.page.close()


def test_times_on_pages_are_the_readers_own(browser: Browser, url: str) -> None:
    page = started(browser, url, "thread-pool")
    page.wait("timeslice.model.state === 'ended'", 60_000)
    page.page.close()
    context = browser.new_context(timezone_id="Asia/Shanghai")
    for path in ("/", "/runs", "/scenarios/thread-pool"):
        reader = RunPage(context.new_page())
        reader.page.goto(url + path)
        reader.wait("document.querySelector('time')?.title")
        place = reader.page.locator("time").first
        when = datetime.fromisoformat(place.get_attribute("datetime") or "")
        local = when.astimezone(timezone(timedelta(hours=8)))
        assert place.text_content() == local.strftime("%Y-%m-%d %H:%M:%S")
        assert place.get_attribute("title") == when.strftime("%Y-%m-%d %H:%M:%S UTC")
        assert not reader.complaints
    context.close()


def test_two_settings_are_compared_on_one_time_axis(browser: Browser, url: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{url}/scenarios/thread-pool")
    page.click("#settings-form button[formaction='/compare']")
    page.fill("[name='a.workers']", "1")
    page.fill("[name='b.workers']", "4")
    page.click("#compare-form button.start")
    page.wait_for_url(re.compile(r"/compare/\w+/\w+"))
    assert page.locator("#side-A .differs").inner_text() == "Threads in the pool 1"
    page.wait_for_function(
        "() => comparison.a.model.state === 'ended' && comparison.b.model.state === 'ended'"
        " && comparison.settled() && document.querySelectorAll('#claims tbody tr').length > 0",
        timeout=60_000,
    )

    spans = page.evaluate("[comparison.a, comparison.b].map(({view}) => view.scale.spanNs)")
    lengths = page.evaluate("[comparison.a, comparison.b].map(({model}) => model.nowNs)")
    assert spans[0] == spans[1] >= max(lengths)  # one axis, as long as the longer run
    assert lengths[0] > lengths[1]  # one worker takes longer than four

    # What is done to one picture is done to the other.
    box = page.locator("#side-A canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"() => comparison.b.view.scale.spanNs < {spans[0]} * 0.9")
    starts = page.evaluate("[comparison.a, comparison.b].map(({view}) => view.scale.startNs)")
    assert starts[0] == pytest.approx(starts[1])
    assert page.evaluate("comparison.b.view.hoverNs === comparison.a.view.hoverNs")

    # The first process stands for the first, a worker for the worker of its name; three have none.
    names = page.locator("#differences tbody th").all_inner_texts()
    assert names[1].startswith("program.py") and "process" in names[1]
    assert sum("thread" in name for name in names) == 4
    rows = page.locator("#differences tbody tr").count()
    assert rows == 2 * len(names)
    verdicts = page.locator("#claims tbody tr").first.locator(".verdict")
    assert verdicts.count() == 2

    # Buttons, the legend and the theme are for both pictures.
    page.click("[data-command='pause']")
    page.click("#legend .legend-entry >> nth=0")
    page.wait_for_function(
        "() => document.querySelector('#legend .legend-entry').ariaPressed === 'false'"
    )
    assert page.get_attribute("[data-command='pause']", "aria-pressed") == "true"
    assert page.evaluate("comparison.b.view.pausedNs !== null")
    assert page.evaluate("comparison.b.view.faded.size") == 1
    grounds = "[comparison.a, comparison.b].map(({painter}) => painter.palette.colour.bg)"
    light = page.evaluate(grounds)
    page.click("[data-switch-theme]")
    dark = page.evaluate(grounds)
    assert light[0] == light[1] != dark[0] == dark[1]
    page.close()


def test_prediction_is_drawn_and_stands_above_what_the_run_shows(
    browser: Browser, url: str
) -> None:
    page = RunPage(browser.new_page(viewport={"width": 1280, "height": 900}))
    page.page.goto(f"{url}/scenarios/deadlock?path=first-course")
    page.page.fill("[name='patience']", "1.5")
    cells = page.page.locator(".draw-row").first.locator("button")
    page.page.click("[data-letters] button >> nth=1")  # blocked
    cells.nth(6).click()
    first, last = cells.nth(7).bounding_box(), cells.nth(11).bounding_box()
    assert first is not None and last is not None
    page.page.mouse.move(first["x"] + 3, first["y"] + 8)
    page.page.mouse.down()
    page.page.mouse.move(last["x"] + 3, last["y"] + 8, steps=12)
    page.page.mouse.up()
    cells.nth(5).focus()
    page.page.keyboard.press("r")
    assert page.page.input_value("[name='predict.states.Ann']") == ".....RBBBBBB"
    page.page.click("button.start")
    page.page.wait_for_url(re.compile("/runs/"))
    page.wait("globalThis.timeslice?.model.state === 'ended'", 60_000)
    page.wait("document.querySelectorAll('[data-answer-row] .cell').length === 24")

    answer = page.page.locator("[data-answer-row='0']").get_attribute("aria-label") or ""
    assert answer.endswith("BBBBB")
    assert page.text(".outcome") == "Other states, or another order: Bob."  # nothing was drawn
    assert page.page.locator(".because").is_visible()
    assert "both stay blocked to the end" in page.text(".because")
    page.page.click("#next-step")
    page.page.wait_for_url(re.compile("/scenarios/queue"))
    page.page.close()
