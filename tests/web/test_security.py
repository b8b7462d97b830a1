"""Headers, origins, cookies, and text from programs that would like to be markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from app.web.i18n import script_messages
from tests.runs.make import FakeLauncher, frame, last_frame
from tests.web.make import application


@pytest.mark.parametrize("path", ["/", "/api/runs", "/nothing", "/static/css/base.css", "/healthz"])
def test_every_answer_carries_the_policy(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    for rule in ("default-src 'self'", "script-src 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_pages_have_no_inline_script_or_style(client: TestClient) -> None:
    run_id = client.post("/api/runs", json={"scenario": "dead-lock"}).json()["id"]
    for path in ("/", "/scenarios/dead-lock", "/runs", f"/runs/{run_id}", "/nothing"):
        page = client.get(path).text
        assert " style=" not in page and "<style" not in page and " onclick=" not in page
        for tag in page.split("<script")[1:]:
            assert "src=" in tag.partition(">")[0] or 'type="application/json"' in tag


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://[::1"},
        {"Origin": "http://[::1]x"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_changes_asked_by_other_sites_are_refused(
    client: TestClient, headers: dict[str, str]
) -> None:
    run_id = client.post("/api/runs", json={"scenario": "dead-lock"}).json()["id"]
    form = client.post("/runs", data={"scenario": "dead-lock"}, headers=headers)
    assert form.status_code == 403 and "another site" in form.text
    for answer in (
        client.post("/api/runs", json={"scenario": "dead-lock"}, headers=headers),
        client.delete(f"/api/runs/{run_id}", headers=headers),
    ):
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
    assert len(client.get("/api/runs").json()) == 1
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://[::1", "null", "\xff"])
def test_websockets_of_other_sites_are_refused(client: TestClient, origin: str) -> None:
    headers = {"Origin": origin.encode("latin-1")}
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect("/api/runs/x/stream", headers=headers),
    ):
        pass
    assert refused.value.status_code == 403 and "another site" in refused.value.text


@pytest.mark.parametrize(
    ("length", "status"),
    [("65537", 413), ("9" * 30, 413), ("1e3", 400), ("-1", 400), ("", 400), ("\xb2", 400)],
)
def test_bodies_are_refused_by_the_length_that_is_announced(
    client: TestClient, length: str, status: int
) -> None:
    headers = {"Content-Length": length.encode("latin-1"), "Content-Type": "application/json"}
    answer = client.post("/api/runs", content=b"{}", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_own_pages_may_ask_for_changes(client: TestClient) -> None:
    answer = client.post(
        "/runs",
        data={"scenario": "dead-lock"},
        headers={"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 303


def test_cookies_are_strict(client: TestClient) -> None:
    cookies = client.get("/?lang=zh").headers.get_list("set-cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"language", "visitor"}
    for cookie in cookies:
        assert "httponly" in cookie.lower() and "samesite=lax" in cookie.lower()
    again = client.get("/").headers.get_list("set-cookie")
    assert again == []


def test_text_of_programs_is_never_markup(tmp_path: Path) -> None:
    nasty = "</script><img src=x onerror=alert(1)>"

    class Nasty(FakeLauncher):
        async def start(self, spec):  # type: ignore[no-untyped-def]
            worker = await super().start(spec)
            worker.queue.put_nowait(frame(0))
            worker.queue.put_nowait(frame(1, nasty))
            worker.queue.put_nowait(last_frame(2, failure=nasty))
            worker.die()
            return worker

    with TestClient(application(tmp_path, Nasty())) as client:
        run_id = client.post("/api/runs", json={"scenario": "dead-lock"}).json()["id"]
        with client.websocket_connect(f"/api/runs/{run_id}/stream") as socket:
            while socket.receive()["type"] == "websocket.send":
                pass
        for path in ("/", "/runs", f"/runs/{run_id}"):
            assert "<img src=x" not in client.get(path).text
        timeline = client.get(f"/api/runs/{run_id}/timeline")
        assert timeline.headers["content-type"] == "application/json"
        assert nasty in timeline.json()["output"][0]["text"]


def test_messages_for_scripts_cannot_end_their_script_element(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = client.post("/api/runs", json={"scenario": "dead-lock"}).json()["id"]
    monkeypatch.setattr("app.web.pages.i18n.script_messages", lambda _: {"a": "</script><b>"})
    page = client.get(f"/runs/{run_id}?lang=zh").text
    assert "</script><b>" not in page
    assert script_messages("en") == {}
