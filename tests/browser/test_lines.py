"""Where each track is now: marks in the program's text, facts of a slice, and the table."""

from __future__ import annotations

import pytest

from app.timeline.frames import Frame
from app.timeline.heads import frame_of
from app.timeline.model import OPEN, Batch, Seen, Slice, Track
from app.timeline.places import place
from app.timeline.states import Evidence, Reason, State, TrackKind, vocabulary
from tests.browser import scenes
from tests.browser.conftest import Opener, RunPage, publish
from tests.browser.server import PageServer

MS = scenes.MS
MAIN, ANN, BOB, TASK, IDLE, GONE = 1, 2, 3, 4, 5, 6
FOUND = "document.querySelectorAll('#program .code-here')"


def frames(state: str = "running") -> list[Frame]:
    """Ann computes and was seen at two lines, Bob wants the GIL and stands at one of them; main
    executes a coroutine; one thread sleeps, and one was seen long ago."""
    kernel, kind = Evidence.KERNEL, TrackKind
    tracks = [Track(MAIN, kind.PROCESS, "dinner.py", 9, 9, 0, False, 0)]
    for track, name in ((ANN, "Ann"), (BOB, "Bob"), (IDLE, "idle"), (GONE, "gone")):
        tracks.append(Track(track, kind.THREAD, name, 9, 9 + track, MAIN, False, 0))
    tracks.append(Track(TASK, kind.COROUTINE, "task", 9, 0, MAIN, False, 0))

    def runs(track: int, start: int = 0, line: int = 0, end: int = OPEN) -> Slice:
        return Slice(track, start, end, State.RUNNING, cpu=0, line=line, evidence=kernel)

    rows = [
        runs(MAIN),
        runs(ANN, line=6, end=50 * MS),
        Slice(ANN, 50 * MS, 60 * MS, State.READY, line=7, evidence=kernel),
        runs(ANN, 60 * MS, line=7),
        Slice(BOB, 0, OPEN, State.GIL, line=9, evidence=kernel),
        runs(TASK),
        Slice(IDLE, 0, OPEN, State.BLOCKED, Reason.SLEEP, line=10, evidence=kernel),
        runs(GONE),
    ]
    seen = [
        Seen(GONE, 5 * MS, 19),
        Seen(ANN, 20 * MS, 9),
        Seen(ANN, 30 * MS, place(1, 3)),
        Seen(ANN, 1900 * MS, 9),
        Seen(MAIN, 1950 * MS, 14),
        Seen(TASK, 1950 * MS, 14),
    ]
    head = {"run": scenes.run_head(), "vocabulary": vocabulary(), "files": ["cook.py"]}
    first = frame_of(Batch(tracks=tracks, slices=rows, seen=seen[:3]), 0, 100 * MS, **head)
    rest = frame_of(Batch(seen=seen[3:]), 1, 2000 * MS, state=state)
    return [first, rest]


def opened(server: PageServer, open_page: Opener, state: str, query: str = "") -> RunPage:
    publish(server, frames(state), done=state == "ended")
    page = open_page(query=query)
    page.wait_painted(1)
    return page


def marks(page: RunPage) -> dict[int, list[str]]:
    told = page.get(
        f"[...{FOUND}].map((node) => [Number(node.parentElement.dataset.line),"
        " node.parentElement.dataset.here, ...[...node.children].map((one) => one.textContent)])"
    )
    return {line: [here, *names] for line, here, *names in told}


def test_marks_tell_where_each_track_is_now(server: PageServer, open_page: Opener) -> None:
    page = opened(server, open_page, "running")
    # Who sleeps is not marked, nor who was seen long ago; the task stands for its thread.
    assert marks(page) == {9: ["running", "Ann", "Bob"], 14: ["running", "task"]}
    titles = page.get("[...document.querySelectorAll('.code-here .here')].map((one) => one.title)")
    assert titles == [
        "Ann, seen here 100 ms before",
        "Bob, seen here 0 ns before",
        "task, seen here 50.0 ms before",
    ]


def test_marks_of_an_ended_run_tell_of_the_pointers_time(
    server: PageServer, open_page: Opener
) -> None:
    page = opened(server, open_page, "ended")
    assert marks(page) == {}
    page.page.mouse.move(*page.place_of(ANN, 25 * MS))
    page.wait(f"{FOUND}.length === 2")
    assert set(marks(page)) == {9, 19}
    page.page.mouse.move(*page.place_of(ANN, 58 * MS))
    page.wait(f"[...{FOUND}].some((node) => node.parentElement.dataset.line === '7')")
    assert marks(page)[7] == ["ready", "Ann"]


def test_text_keeps_a_mark_in_view_until_the_reader_scrolls_it(
    server: PageServer, open_page: Opener
) -> None:
    shown = (
        "(() => { const box = document.getElementById('program'), {top, bottom} ="
        " box.getBoundingClientRect();"
        f" return [...{FOUND}].some((node) => {{ const at = node.getBoundingClientRect();"
        " return at.top >= top && at.bottom <= bottom; }); })()"
    )
    page = opened(server, open_page, "running")
    page.page.evaluate(
        "const box = document.getElementById('program');"
        "Object.assign(box.style, {height: '60px', minHeight: '0'}); box.scrollTop = 0"
    )
    last = frame_of(Batch(seen=[Seen(ANN, 2010 * MS, 12)]), 2, 2020 * MS, state="running")
    publish(server, [last])
    page.wait_painted(2)
    page.wait(shown)
    page.page.locator("#program").dispatch_event("wheel")
    page.page.evaluate("document.getElementById('program').scrollTop = 0")
    later = frame_of(Batch(seen=[Seen(ANN, 2030 * MS, 14)]), 3, 2040 * MS, state="running")
    publish(server, [later])
    page.wait_painted(3)
    page.wait(
        f"[...{FOUND}].some((node) => node.textContent.includes('Ann')"
        " && node.parentElement.dataset.line === '14')"
    )
    assert page.get("document.getElementById('program').scrollTop") == 0


@pytest.mark.parametrize(
    ("language", "began", "seen", "table"),
    [
        ("en", "began at line 6", "seen at line 9, cook.py:3", "9"),
        ("zh", "始于第 6 行", "看到时在第 9, cook.py:3 行", "9"),
    ],
)
def test_facts_tell_where_a_slice_began_and_was_seen(
    server: PageServer, open_page: Opener, language: str, began: str, seen: str, table: str
) -> None:
    page = opened(server, open_page, "ended", f"?lang={language}")
    page.page.mouse.click(*page.place_of(ANN, 25 * MS))
    page.wait(f"timeslice.view.pin?.track === {ANN}")
    page.page.evaluate("() => new Promise(requestAnimationFrame)")
    facts = page.text("#details-facts")
    assert began in facts and seen in facts
    assert page.get("document.querySelector('#program [aria-current]').dataset.line") == "6"
    row = page.page.locator(f"#text-rows [data-track='{ANN}'] td")
    assert row.nth(4).text_content() == table


def test_open_slice_tells_how_long_ago_it_was_seen(server: PageServer, open_page: Opener) -> None:
    page = opened(server, open_page, "running")
    page.page.mouse.click(*page.place_of(ANN, 1000 * MS))
    page.wait(f"timeslice.view.pin?.track === {ANN}")
    page.page.evaluate("() => new Promise(requestAnimationFrame)")
    facts = page.text("#details-facts")
    assert "began at line 7" in facts and "line 9, seen 100 ms ago" in facts
