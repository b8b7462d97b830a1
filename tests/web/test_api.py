"""The JSON interface, and its errors as problem details."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.runs.make import FakeLauncher
from tests.web.make import application
from tests.web.test_pages import finished


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status and body["detail"] and body["title"]
    return body


def test_api_scenarios(client: TestClient) -> None:
    first, second = client.get("/api/scenarios?lang=zh").json()
    assert (first["slug"], second["slug"]) == ("fork-bomb", "dead-lock")
    assert second["title"] == "dead_lock 的标题 <i>"
    count, pause, _, method = second["parameters"]
    assert (count["minimum"], count["maximum"], count["default"]) == (1, 9, 3)
    assert pause["unit"] == "s" and method["choices"] == ["fork", "spawn"]


def test_api_run_from_start_to_timeline(client: TestClient) -> None:
    answer = client.post("/api/runs", json={"scenario": "dead-lock", "params": {"count": 5}})
    assert answer.status_code == 201
    run = answer.json()
    assert answer.headers["location"] == f"/api/runs/{run['id']}"
    assert run["state"] == "running" and run["params"]["count"] == 5
    with client.websocket_connect(f"/api/runs/{run['id']}/stream") as socket:
        while socket.receive()["type"] == "websocket.send":
            pass
    run_now = client.get(f"/api/runs/{run['id']}").json()
    assert run_now["exit"] == {"cause": "exit", "code": 0, "signal": None}
    assert [item["id"] for item in client.get("/api/runs").json()] == [run["id"]]
    timeline = client.get(f"/api/runs/{run['id']}/timeline").json()
    assert [track["name"] for track in timeline["tracks"]] == ["program.py"]
    assert len(timeline["slices"]) == 5
    for name, kind in (("json", "application/json"), ("csv", "text/csv")):
        file = client.get(f"/api/runs/{run['id']}/export?format={name}")
        assert file.headers["content-type"].startswith(kind)
        assert f"dead-lock-{run['id']}" in file.headers["content-disposition"]
    trace = client.get(f"/api/runs/{run['id']}/export?format=chrome").json()
    assert trace["traceEvents"]


def test_api_delete_stops_a_running_and_a_waiting_run(tmp_path: Path) -> None:
    app = application(tmp_path, FakeLauncher(script=2), runs_at_once=1)
    with TestClient(app) as client:
        first, second = (
            client.post("/api/runs", json={"scenario": "dead-lock"}).json() for _ in range(2)
        )
        assert (second["state"], second["position"]) == ("waiting", 1)
        assert client.get(f"/runs/{second['id']}").status_code == 200
        assert client.delete(f"/api/runs/{second['id']}").json()["state"] == "stopped"
        assert client.delete(f"/api/runs/{first['id']}").json()["state"] == "stopped"
        assert client.delete(f"/api/runs/{first['id']}").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"scenario": "nosuch"}, 404, "There is no scenario"),
        ({"scenario": "dead-lock", "params": {"count": 99}}, 422, "from 1 to 9"),
        ({"scenario": "dead-lock", "params": {"count": [1]}}, 422, "from 1 to 9"),
        ({"scenario": "dead-lock", "params": {"count": True}}, 422, "from 1 to 9"),
        ({"scenario": "dead-lock", "params": {"pause": 1e308}}, 422, "from 0 to 2"),
        ({"scenario": "dead-lock", "params": {"method": "\ud800"}}, 422, "printed"),
        ({"scenario": "dead-lock", "python": "perl"}, 422, "CPython 3.11.7"),
        ({"scenario": "dead-lock", "color": 1}, 422, "color"),
        ({}, 422, "scenario"),
        ([], 422, "body"),
    ],
)
def test_api_bad_orders_get_a_sentence(
    client: TestClient, body: Any, status: int, told: str
) -> None:
    text = json.dumps(body)
    answer = client.post("/api/runs", content=text, headers={"Content-Type": "application/json"})
    body = problem(answer, status)
    assert told in body["detail"]
    assert client.get("/api/runs").json() == []


def test_api_names_the_wrong_fields(client: TestClient) -> None:
    answer = client.post(
        "/api/runs?lang=zh", json={"scenario": "dead-lock", "params": {"count": 0, "pause": "x"}}
    )
    body = problem(answer, 422)
    assert set(body["fields"]) == {"count", "pause"}
    assert "数量" in body["fields"]["count"]


@pytest.mark.parametrize("text", ["{", "", "nul", '{"scenario": NaN}', "\x00", '{"a":' * 5000])
def test_api_malformed_json_is_refused(client: TestClient, text: str) -> None:
    answer = client.post("/api/runs", content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code)


def test_api_malformed_json_is_told_where_it_goes_wrong(client: TestClient) -> None:
    for language, said in (("en", "the mistake is at character 13"), ("zh", "第 13 个字符处出错")):
        answer = client.post(
            f"/api/runs?lang={language}",
            content='{"scenario": }',
            headers={"content-type": "application/json"},
        )
        body = problem(answer, 422)
        assert said in body["detail"]
        assert not body.get("fields")


def test_api_body_is_bounded(client: TestClient) -> None:
    def chunks() -> Any:
        for _ in range(100):
            yield b'{"scenario": "' + b"x" * 1000

    headers = {"Content-Type": "application/json"}
    body = problem(client.post("/api/runs", content=chunks(), headers=headers), 413)
    assert "64 KiB" in body["detail"]
    form = client.post("/runs", content=b"scenario=" + b"x" * 70_000, headers={
        "Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert form.status_code == 413


def test_api_unknown_run_and_format(client: TestClient) -> None:
    for path in ("", "/timeline", "/export?format=json"):
        problem(client.get(f"/api/runs/none{path}"), 404)
    problem(client.delete("/api/runs/none"), 404)
    run_id = finished(client)
    body = problem(client.get(f"/api/runs/{run_id}/export?format=png"), 422)
    assert "json, chrome, csv" in body["detail"]
    problem(client.get("/api/nothing"), 404)
    problem(client.put("/api/runs"), 405)


def test_api_damaged_recording_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "data" / "runs").mkdir(parents=True)
    (tmp_path / "data" / "runs" / "old.timeslice").write_text("nonsense")
    with TestClient(application(tmp_path)) as client:
        [run] = client.get("/api/runs").json()
        assert run["state"] == "damaged" and "old.timeslice" in run["failure"]
        problem(client.get("/api/runs/old/timeline"), 409)
        assert client.get("/runs").status_code == 200
        with client.websocket_connect("/api/runs/old/stream") as socket:
            assert socket.receive()["code"] == 4409


def test_healthz_and_metrics(client: TestClient) -> None:
    finished(client)
    assert client.get("/healthz").json() == {
        "status": "ok",
        "scenarios": 2,
        "running": 0,
        "waiting": 0,
    }
    text = client.get("/metrics").text
    assert "timeslice_frames_total 6.0" in text
    assert 'timeslice_runs{state="ended"} 1.0' in text
    assert "timeslice_frames_sent_total 6.0" in text
