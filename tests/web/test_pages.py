"""The pages as a browser without scripts gets them."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.catalogue import Catalogue
from app.runs.recording import Recording
from app.web.application import create_app
from tests.runs.make import FakeLauncher, settings
from tests.web.make import PROGRAM, application, scenario


def finished(client: TestClient, **values: str) -> str:
    """Start a run from the form, wait for its end; its id."""
    answer = client.post("/runs", data={"scenario": "dead-lock", **values})
    assert answer.status_code == 303, answer.text
    run_id = answer.headers["location"].removeprefix("/runs/")
    with client.websocket_connect(f"/api/runs/{run_id}/stream") as socket:
        while socket.receive()["type"] == "websocket.send":
            pass
    return run_id


def test_catalogue_lists_and_escapes(client: TestClient) -> None:
    page = client.get("/").text
    assert 'href="/scenarios/dead-lock"' in page
    assert "Title of dead_lock &lt;i&gt;" in page and "Title of dead_lock <i>" not in page
    assert page.index("Processes") < page.index("Locks and races")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=DEAD_lock", ["dead-lock"]),
        ("q=死锁", ["dead-lock", "fork-bomb"]),
        ("q=fork_bomb+SHOWS", ["fork-bomb"]),
        ("q=ock", []),
        ("q=lock", ["dead-lock", "fork-bomb"]),
        ("q=threading.lock", ["dead-lock", "fork-bomb"]),
        ("q=%28", []),
        ("level=3", ["fork-bomb"]),
        ("idea=deadlock&q=threading", ["dead-lock", "fork-bomb"]),
        ("idea=nonsense", []),
        ("state=blocked", ["dead-lock", "fork-bomb"]),
        ("state=zombie", []),
        ("primitive=threading.Lock", ["dead-lock", "fork-bomb"]),
        ("primitive=threading.lock", []),
        ("q=%3Cscript%3E", []),
    ],
)
def test_catalogue_search(client: TestClient, query: str, found: list[str]) -> None:
    page = client.get(f"/?{query}").text
    assert sorted(re.findall(r'href="/scenarios/([a-z-]+)"', page)) == found
    assert "<script>" not in page
    assert found or "No scenario matches" in page


def test_headings_of_every_page_go_down_step_by_step(client: TestClient) -> None:
    one, other = finished(client), finished(client)
    for path in (
        "/", "/runs", "/scenarios/dead-lock", f"/runs/{one}", "/compare",
        f"/compare/{one}/{other}",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        levels = [int(level) for level in re.findall(r"<h([1-6])\b", answer.text)]
        assert levels[0] == 1 and levels.count(1) == 1, path
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), (path, levels)


def test_scenario_shows_program_notes_and_form(client: TestClient) -> None:
    page = client.get("/scenarios/dead-lock").text
    lines = re.findall(r'<span class="code-text">(.*?)</span></div>', page)
    assert len(lines) == len(PROGRAM.splitlines())
    assert "<script>alert" not in page and "javascript:alert(1)" not in re.findall(
        r'href="([^"]*)"', page
    )
    assert "Nobody &lt;waits&gt;." in page
    assert re.search(r'<input type="number" id="count"[^>]*value="3" min="1" max="9"', page)
    assert re.search(r'<input type="checkbox" id="ordered"[^>]*checked', page)
    assert re.search(r'<option value="fork" selected>Fork</option>', page)
    assert "CPython 3.13.0t · no GIL" in page


def test_scenario_says_which_packages_its_program_needs(tmp_path: Path) -> None:
    plain = scenario(tmp_path / "scenarios", "dead_lock")
    items = Catalogue([replace(plain, requires=("markdown_it", "no_such_package"))])
    app = create_app(settings(tmp_path / "data"), launcher=FakeLauncher(), catalogue=items)
    with TestClient(app) as visitor:
        page = visitor.get("/scenarios/dead-lock").text
        assert "Not installed here: no_such_package." in page
        assert "python -m pip install markdown_it no_such_package" in page
        assert "这里没有安装：no_such_package。" in visitor.get("/scenarios/dead-lock?lang=zh").text
        (found,) = visitor.get("/api/scenarios").json()
        assert found["requires"] == ["markdown_it", "no_such_package"]


def test_scenario_form_takes_values_from_the_query(client: TestClient) -> None:
    page = client.get("/scenarios/dead-lock?count=7&ordered=false&method=spawn").text
    assert re.search(r'id="count"[^>]*value="7"', page)
    assert not re.search(r'id="ordered"[^>]*checked', page)
    assert '<option value="spawn" selected>' in page


def test_program_shown_has_the_values_of_the_form(client: TestClient) -> None:
    def program(query: str) -> str:
        page = client.get(f"/scenarios/dead-lock?{query}").text
        lines = re.findall(r'<span class="code-text">(.*?)</span></div>', page)
        return re.sub(r"<[^>]*>", "", "\n".join(lines))

    assert "COUNT = 7\nPAUSE = 0.5\nORDERED = False\n" in program("count=7&ordered=false")
    # What can't be taken changes nothing, and neither does what is no setting.
    assert "COUNT = 3\nPAUSE = 0.5\nORDERED = True\n" in program("count=12&ordered=false")
    assert "COUNT = 4\n" in program("count=4&scenario=x&predict.order=1&path=first-course")


def test_form_errors_stand_beside_their_fields_and_values_are_kept(client: TestClient) -> None:
    answer = client.post(
        "/runs",
        data={"scenario": "dead-lock", "count": "12", "pause": '"><b>', "method": "spawn"},
    )
    assert answer.status_code == 422
    page = answer.text
    assert re.search(r'id="count"[^>]*value="12"[^>]*aria-describedby="count-error', page)
    assert 'id="count-error">How many must be a whole number from 1 to 9' in page
    assert 'id="pause-error">Pause must be a number from 0 to 2 s' in page
    assert "&#34;&gt;&lt;b&gt;" in page and '"><b>' not in page
    assert '<option value="spawn" selected>' in page


def test_form_unknown_parameter_and_interpreter_are_named(client: TestClient) -> None:
    page = client.post("/runs", data={"scenario": "dead-lock", "colour": "red"}).text
    assert "dead-lock has no parameter" in page
    answer = client.post("/runs", data={"scenario": "dead-lock", "python": "/bin/sh"})
    assert answer.status_code == 422
    assert "CPython 3.11.7, CPython 3.13.0t" in answer.text


def test_form_check_box_last_value_counts(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=2, ends=True)
    with TestClient(application(tmp_path, launcher), follow_redirects=False) as client:
        for sent, meant in ((["false"], False), (["false", "true"], True)):
            answer = client.post("/runs", data={"scenario": "dead-lock", "ordered": sent})
            assert answer.status_code == 303
            assert client.portal is not None
            worker = client.portal.call(launcher.worker, int(meant))
            assert worker.spec.params["ordered"] is meant
            assert f"ORDERED = {meant}" in worker.spec.program


def test_run_can_be_downloaded_as_it_ran(client: TestClient) -> None:
    run_id = finished(client, count="7")
    answer = client.get(f"/runs/{run_id}/program.py")
    assert answer.text == PROGRAM.replace("COUNT = 3", "COUNT = 7")
    assert answer.headers["content-disposition"] == 'attachment; filename="dead_lock.py"'
    assert answer.headers["content-type"].startswith("text/x-python")


def test_runs_lists_with_values(client: TestClient) -> None:
    assert "Nothing has run yet" in client.get("/runs").text
    run_id = finished(client, count="7")
    page = client.get("/runs").text
    assert f'href="/runs/{run_id}"' in page and "How many <b>7</b>" in page
    assert "In order <b>yes</b>" in page
    assert f'href="/runs/{run_id}"' in client.get("/").text


def test_runs_say_which_limit_ended_a_run(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=2)
    with TestClient(application(tmp_path, launcher)) as client:
        run_id = client.post("/api/runs", json={"scenario": "dead-lock"}).json()["id"]
        assert client.portal is not None
        worker = client.portal.call(launcher.worker)
        client.portal.call(lambda: worker.end(limit="memory"))
        with client.websocket_connect(f"/api/runs/{run_id}/stream") as line:
            while line.receive()["type"] == "websocket.send":
                pass
        assert "ended at its limit of 30 MiB of memory" in client.get("/runs").text
        assert "内存" in client.get("/runs?lang=zh").text


def test_too_many_runs_say_so_and_keep_the_form(tmp_path: Path) -> None:
    app = application(tmp_path, FakeLauncher(), runs_per_visitor=1)
    with TestClient(app, follow_redirects=False) as client:
        client.get("/")  # takes the cookie
        assert client.post("/runs", data={"scenario": "dead-lock"}).status_code == 303
        answer = client.post("/runs", data={"scenario": "dead-lock", "count": "8"})
        assert answer.status_code == 429
        assert "1 are allowed" in answer.text and re.search(
            r'id="count"[^>]*value="8"', answer.text
        )
        other = TestClient(app, cookies={"visitor": "0" * 32}, follow_redirects=False)
        assert other.post("/runs", data={"scenario": "dead-lock"}).status_code == 303


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/nothing", 404, "There is nothing at this address."),
        ("/scenarios/dead-lok", 404, "Did you mean dead-lock?"),
        ("/runs/nosuch", 404, "There is no run nosuch"),
        ("/runs/nosuch/program.py", 404, "There is no run nosuch"),
        ("/static/none.css", 404, "There is nothing at this address."),
        ("/runs/%3Cb%3E", 404, "There is no run &lt;b&gt;"),
    ],
)
def test_errors_are_readable_pages(
    client: TestClient, path: str, status: int, sentence: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert sentence in answer.text.replace("&#39;", "'")


def test_error_of_ours_is_a_page_without_its_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = application(tmp_path)
    with TestClient(app, raise_server_exceptions=False) as client, monkeypatch.context() as broken:
        broken.setattr(app.state.site.runs._register, "all", lambda: 1 // 0)
        answer = client.get("/runs")
        assert answer.status_code == 500
        assert "Something went wrong on our side" in answer.text
        assert "ZeroDivision" not in answer.text
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert client.get("/api/runs").json()["status"] == 500


def test_recording_put_into_the_folder_is_shown(tmp_path: Path) -> None:
    with TestClient(application(tmp_path)) as client:
        (tmp_path / "data" / "runs").mkdir(parents=True, exist_ok=True)
        meta = {"id": "put", "scenario": "dead-lock", "params": {}}
        Recording.create(tmp_path / "data" / "runs" / "put.timeslice", meta, "print()").close()
        assert client.get("/runs/put").status_code == 200
        assert [run["id"] for run in client.get("/api/runs").json()] == ["put"]
        assert "/runs/put" in client.get("/runs").text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", r" MiB\. When there .* first\. The next would be <a [^>]*>[^<]+</a>, <time"),
        ("zh", r" MiB。空间用完时，.*删除。下一个会是：<a [^>]*>[^<]+</a>，<time"),
    ],
)
def test_runs_page_says_which_recording_goes_next(
    tmp_path: Path, language: str, words: str
) -> None:
    folder = tmp_path / "data" / "runs"
    folder.mkdir(parents=True)
    for name, day in [("older", 1), ("newer", 2)]:
        meta = {"id": name, "scenario": "dead-lock", "params": {}}
        meta["created_at"] = f"2026-01-0{day}T00:00:00+00:00"
        Recording.create(folder / f"{name}.timeslice", meta, "print()").close()
    with TestClient(application(tmp_path)) as client:
        page = client.get(f"/runs?lang={language}").text
    assert (said := re.search(words, page)), page
    assert 'href="/runs/older"' in said[0] and "&lt;i&gt;" in said[0]
