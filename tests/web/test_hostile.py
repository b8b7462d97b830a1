"""Bad recordings harm nobody: not the server's start, not other pages, not those who open them."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.runs.export import FORMATS
from app.runs.recording import Recording
from tests.runs.make import whole_run
from tests.runs.mutations import KINDS, NAMES
from tests.web.make import application

OTHERS = ("/", "/runs", "/api/runs", "/compare", "/scenarios/dead-lock", "/healthz", "/metrics",
          "/runs/good", "/api/runs/good/timeline")  # fmt: skip


def recorded(path: Path, **run: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = {"id": "x", "scenario": "dead-lock", "params": {"count": 3}, **run}
    with Recording.create(path, meta, "print()") as recording:
        recording.extend(whole_run(40))
        recording.finish(state="ended", duration_ns=39_000_000, exit=None, limit=None)
    return path


def opened(tmp_path: Path) -> TestClient:
    return TestClient(application(tmp_path, runs_kept=10_000), follow_redirects=False)


def look(client: TestClient) -> None:
    """Wait until the folder has been looked through."""
    assert client.portal is not None
    app: Any = client.app
    client.portal.call(app.state.site.runs.archive.scanned)


def statuses(client: TestClient, run_id: str) -> Iterator[tuple[str, int]]:
    coded = quote(run_id, safe="")
    for path in (
        f"/runs/{coded}", f"/runs/{coded}/program.py", f"/api/runs/{coded}",
        f"/api/runs/{coded}/timeline", f"/api/runs/{coded}/predictions", f"/compare/{coded}/good",
        f"/compare?a={coded}",
        *(f"/api/runs/{coded}/export?format={name}" for name in FORMATS),
    ):  # fmt: skip
        yield path, client.get(path).status_code


def closed(client: TestClient, run_id: str, from_seq: int = 0) -> int:
    path = f"/api/runs/{quote(run_id, safe='')}/stream?from={from_seq}"
    with client.websocket_connect(path) as line:
        try:
            while True:
                line.receive_bytes()
        except WebSocketDisconnect as end:
            return end.code


@pytest.mark.parametrize("seed", [1, 2])
def test_hostile_recordings_of_every_kind_harm_nobody(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    folder = tmp_path / "data" / "runs"
    recorded(folder / "good.timeslice")
    for number, name in enumerate(KINDS):
        path = folder / f"{NAMES[number] if number < len(NAMES) and seed == 1 else name}.timeslice"
        shutil.copyfile(folder / "good.timeslice", path)
        KINDS[name](rng, path)
    with opened(tmp_path) as client:
        look(client)
        for other in OTHERS:
            assert client.get(other).status_code == 200, other
        ids = [run["id"] for run in client.get("/api/runs").json()]
        assert len(ids) == len(KINDS) + 1
        for run_id in ids:
            for asked, status in statuses(client, run_id):
                assert status in (200, 303, 409), (asked, status)
            assert closed(client, run_id) in (1000, 4409)
            assert closed(client, run_id, 7) in (1000, 4409)
        for other in OTHERS:
            assert client.get(other).status_code == 200, other


def test_hostile_recording_is_listed_last_with_its_reason_and_answers_409(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "runs"
    recorded(folder / "good.timeslice")
    bad = recorded(folder / "bad.timeslice")
    with sqlite3.connect(bad) as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM frames; END")
    with opened(tmp_path) as client:
        look(client)
        page = client.get("/runs").text
        assert page.index('href="/runs/good"') < page.index("bad.timeslice has other tables")
        assert 'href="/runs/bad"' not in page
        assert 'href="/runs/bad"' not in client.get("/").text
        assert [run["state"] for run in client.get("/api/runs").json()] == ["ended", "damaged"]
        for path in ("/runs/bad", "/api/runs/bad/timeline", "/api/runs/bad/export?format=csv"):
            answer = client.get(path)
            assert answer.status_code == 409 and "other tables" in answer.text
        assert "与录制文件不符" in client.get("/runs/bad?lang=zh").text
        assert closed(client, "bad") == 4409


def test_hostile_frames_make_a_recording_damaged_once_they_are_read(tmp_path: Path) -> None:
    bad = recorded(tmp_path / "data" / "runs" / "bad.timeslice")
    with sqlite3.connect(bad) as db:
        db.execute("UPDATE overview SET data = x'00'")
    with opened(tmp_path) as client:
        look(client)
        assert client.get("/api/runs/bad").json()["state"] == "ended"
        assert client.get("/api/runs/bad/timeline").status_code == 409
        assert client.get("/api/runs/bad").json()["state"] == "damaged"
        assert "bad.timeslice is no Timeslice recording, or is damaged" in client.get("/runs").text


def test_hostile_values_of_a_known_scenario_are_shown_as_text(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "runs"
    recorded(folder / "odd.timeslice", params={"count": {"x": [1, 2]}, "ordered": "y" * 5000})
    with opened(tmp_path) as client:
        look(client)
        assert "y" * 200 + "…" in client.get("/runs").text
        for path in ("/", "/compare?a=odd", "/scenarios/dead-lock", "/runs/odd"):
            assert client.get(path).status_code == 200, path


def test_export_of_a_recording_with_a_chinese_name(tmp_path: Path) -> None:
    recorded(tmp_path / "data" / "runs" / "死锁.timeslice")
    with opened(tmp_path) as client:
        look(client)
        for name, item in FORMATS.items():
            answer = client.get(f"/api/runs/死锁/export?format={name}")
            assert answer.status_code == 200
            coded = quote(f"dead-lock-死锁{item.suffix}", safe="")
            assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{coded}"


def test_server_answers_while_it_looks_through_its_recordings(tmp_path: Path) -> None:
    app = application(tmp_path)
    with TestClient(app) as client:
        look(client)
        scan = app.state.site.runs.archive.first_scan
        scan.done.clear()  # as it is while a long folder is looked through
        scan.seen, scan.total = 7, 5000
        assert "7 of 5000 so far" in client.get("/runs").text
        assert "已看完 7 个" in client.get("/runs?lang=zh").text
        assert "Ask again in a moment" in client.get("/api/runs/abc?lang=en").json()["detail"]
        scan.done.set()
        assert "so far" not in client.get("/runs").text


def test_pin_is_its_owners(tmp_path: Path) -> None:
    recorded(tmp_path / "data" / "runs" / "old.timeslice")
    app = application(tmp_path)
    with TestClient(app, follow_redirects=False) as client:
        client.get("/")  # takes the cookie
        run_id = client.post("/api/runs", json={"scenario": "dead-lock"}).json()["id"]
        closed(client, run_id)
        assert client.portal is not None
        client.portal.call(app.state.site.runs.stop, run_id)  # returns when all of it is over
        assert "Pin</button>" in client.get(f"/runs/{run_id}").text
        other = TestClient(app, cookies={"visitor": "0" * 32})
        assert "Pin</button>" not in other.get(f"/runs/{run_id}").text
        assert other.put(f"/api/runs/{run_id}/pin").status_code == 403
        assert client.put("/api/runs/old/pin").status_code == 403
        answer = client.put(f"/api/runs/{run_id}/pin")
        assert answer.status_code == 200 and answer.json()["pinned"] is True
        assert "Pinned</span>" in client.get("/runs").text
        asked = client.post(f"/runs/{run_id}/pin", data={"pinned": "no", "back": "list"})
        assert asked.status_code == 303 and asked.headers["location"] == "/runs"
        assert client.get(f"/api/runs/{run_id}").json()["pinned"] is False
        listed = client.get("/runs").text
        assert "The recordings take" in listed and 'href="/runs/old">' in listed
