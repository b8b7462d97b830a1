"""What the textbook says beside a run, and a form's table of jobs, in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator

from app.catalogue.theory import ChartRow, TableRow, Theory
from app.locale.text import Text
from app.timeline.frames import Frame
from tests.browser import scenes
from tests.browser.application import served
from tests.browser.conftest import Opener, RunPage, publish
from tests.browser.server import PageServer

MS = scenes.MS
BESIDE = Theory(
    title=Text(en="Beside the textbook", zh="与教科书对照"),
    book=Text(en="textbook", zh="教科书"),
    lanes=[
        ChartRow(
            "A", [(0, 40 * MS), (80 * MS, 120 * MS)], [(10 * MS, 60 * MS), (110 * MS, 160 * MS)]
        ),
        ChartRow("<b>", [(40 * MS, 80 * MS)], [(60 * MS, 110 * MS)]),
    ],
    columns=[Text(en="Turnaround", zh="周转")],
    rows=[
        TableRow(Text(en="A", zh="A"), [(120.0 * MS, 160.0 * MS)]),
        TableRow(Text(en="mean", zh="平均"), [(1.0, 2.0)]),
    ],
    note=Text(en="Pale: computed.", zh="浅色为计算结果。"),
)


def test_theory_stands_beside_the_run_when_it_is_over(
    server: PageServer, open_page: Opener
) -> None:
    publish(server, [Frame(0, 100 * MS, {"run": scenes.run_head(), "state": "running"})])
    page = open_page()
    page.wait_painted(0)
    assert not page.page.is_visible("#beside")
    publish(server, [Frame(1, 200 * MS, {"state": "ended", "beside": BESIDE.json()})], done=True)
    page.wait_painted(1)
    assert page.text("#beside-title") == "Beside the textbook"
    lanes = page.page.locator("#beside-lanes li")
    assert [lanes.nth(n).locator(".bar-name").inner_text() for n in range(2)] == ["A", "<b>"]
    assert boxes(lanes.nth(0), "book") == [("0.000%", "25.000%"), ("50.000%", "25.000%")]
    assert boxes(lanes.nth(0), "run") == [("6.250%", "31.250%"), ("68.750%", "31.250%")]
    label = lanes.nth(1).locator("svg").get_attribute("aria-label")
    assert label == "<b>, textbook: 40.0 ms–80.0 ms; <b>, this run: 60.0 ms–110 ms"
    cell = page.text("#beside-table tbody tr:first-child td")
    assert cell.split() == ["160", "ms", "(120", "ms)"]
    assert page.text("#beside-book") == "textbook, 120 ms"
    assert page.text("#beside-run") == "this run, 160 ms"
    assert page.text("#beside-note") == "Pale: computed."


def test_theory_has_a_scale_of_its_own_beside_a_run_that_took_far_longer(
    server: PageServer, open_page: Opener
) -> None:
    lane = ChartRow("A", [(0, 40 * MS)], [(100 * MS, 400 * MS)])
    head = {"state": "ended", "beside": replace(BESIDE, lanes=[lane]).json()}
    publish(server, [Frame(0, 500 * MS, {"run": scenes.run_head(), **head})], done=True)
    page = open_page()
    page.wait_painted(0)
    lanes = page.page.locator("#beside-lanes li")
    assert boxes(lanes.nth(0), "book") == [("0.000%", "100.000%")]
    assert boxes(lanes.nth(0), "run") == [("25.000%", "75.000%")]
    assert page.text("#beside-note") == "Pale: computed. Each is drawn on a scale of its own."


def test_theory_speaks_chinese(server: PageServer, open_page: Opener) -> None:
    head = {"run": scenes.run_head(), "state": "ended", "beside": BESIDE.json()}
    publish(server, [Frame(0, 200 * MS, head)], done=True)
    page = open_page(query="?lang=zh")
    page.wait_painted(0)
    assert page.text("#beside-title") == "与教科书对照"
    assert "教科书" in page.text("#beside-book") and "本次运行" in page.text(".beside-legend")
    label = page.page.locator("#beside-lanes svg").nth(1).get_attribute("aria-label")
    assert label is not None and label.startswith("<b>，教科书：40.0 ms–80.0 ms")


_COLUMNS = """async (lines) => {
  const main = document.querySelector("script[type=module]").src;
  const { columnsOf } = await import(new URL("../panels/differences.js", main).href);
  const { KINDS } = await import(new URL("../model/vocabulary.js", main).href);
  const ns = (by) => by && Float64Array.from(KINDS, (kind) => by[kind] ?? 0);
  const columns = columnsOf(lines.map((both) => ({ ns: both.map(ns) })));
  return columns.map(({ name, kinds }) => [name, kinds.map((kind) => KINDS[kind])]);
}"""


def test_comparison_has_a_column_for_what_only_a_coroutine_does(
    server: PageServer, open_page: Opener
) -> None:
    page = open_page()
    threads = {"running": 600, "sleep": 400, "gil": 1, "io": 3}
    coroutine = {"await": 995, "running": 5, "io": 1}
    lines = [[threads, threads], [threads, None], [None, coroutine]]
    columns = page.page.evaluate(_COLUMNS, lines)
    assert columns == [
        ["running", ["running"]],
        ["sleeping", ["sleep"]],
        ["awaiting", ["await"]],
        ["all others", ["gil", "io"]],
    ]


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (None, "ended after 200 ms"),
        ("stopped", "stopped after 200 ms"),
        ("wall", "ended at its limit, after 200 ms"),
    ],
)
def test_run_says_whether_it_ended_by_itself(
    server: PageServer, open_page: Opener, limit: str | None, words: str
) -> None:
    run = scenes.run_head(duration_ns=200 * MS)
    if limit is not None:
        run["limit"] = {"name": limit, "value": 200}
    publish(server, [Frame(0, 200 * MS, {"run": run, "state": "ended"})], done=True)
    page = open_page()
    page.wait_painted(0)
    assert page.text("#run-state") == words


def boxes(lane: Locator, kind: str) -> list[tuple[Any, Any]]:
    return [
        (box.get_attribute("x"), box.get_attribute("width"))
        for box in lane.locator(f"rect.{kind}").all()
    ]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("data")) as address:
        yield address


def names(page: RunPage) -> list[str]:
    """The first cells of the rows that are shown, in order."""
    rows = page.page.locator("[data-rows] tbody tr:visible")
    return [rows.nth(n).locator("input").first.input_value() for n in range(rows.count())]


def test_rows_of_a_form_come_and_go(browser: Browser, url: str) -> None:
    page = RunPage(browser.new_page(viewport={"width": 1280, "height": 900}))
    page.page.goto(f"{url}/scenarios/schedulers?jobs=A+0+3%3B+B+1+2%3B+C+2+1")
    page.page.wait_for_selector("[data-add-row]:visible")
    assert names(page) == ["A", "B", "C"]
    page.page.click("[data-rows] tbody tr:nth-child(2) [data-remove-row]")
    assert names(page) == ["A", "C"]
    fields = page.page.locator("[data-rows] tbody tr:nth-child(2) input")
    assert fields.first.get_attribute("name") == "jobs.2.name"
    assert fields.first.get_attribute("aria-label") == "Name, row 2"
    for _ in range(6):
        page.page.click("[data-add-row]")
    assert names(page) == ["A", "C", *[""] * 6]
    assert not page.page.is_visible("[data-add-row]")
    page.page.fill("[name='jobs.3.name']", "D")
    page.page.fill("[name='jobs.3.burst']", "99")
    page.page.click("#settings-form button.start")
    page.page.wait_for_selector("#jobs-error")
    assert "TableRow 3: Burst must be a whole number from 1 to 40" in page.text("#jobs-error")
    assert names(page) == ["A", "C", "D"]
    assert not page.complaints or all("422" in line for line in page.complaints)
    page.page.close()


def test_rows_of_a_form_without_scripts(browser: Browser, url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/scenarios/schedulers")
    assert page.locator("[data-rows] tbody tr:visible").count() == 8
    assert not page.locator("[data-add-row]").is_visible()
    page.fill("[name='jobs.7.name']", "late")
    page.click("#settings-form button.start")
    page.wait_for_url(re.compile("/runs/"))
    assert "late" in page.content()
    context.close()
