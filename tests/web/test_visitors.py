"""Who asks, and what is theirs: signed cookies, runs that their starter alone may stop."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from app.runs.run import Run, RunState
from app.web.secret import secret_in
from app.web.visitors import COOKIE, Visitors, address_of
from tests.runs.make import FakeLauncher
from tests.web.make import application
from tests.web.test_stream import create

ORDER = {"scenario": "dead-lock"}


def connection(cookie: str = "", host: str = "10.0.0.1", scheme: str = "http") -> HTTPConnection:
    headers = [(b"cookie", f"{COOKIE}={cookie}".encode())] if cookie else []
    return HTTPConnection(
        {"type": "http", "headers": headers, "client": (host, 1), "scheme": scheme}
    )


def cookie_of(client: TestClient) -> str:
    client.get("/")
    return client.cookies[COOKIE]


def test_visitor_cookie_is_believed_only_with_our_signature(client: TestClient) -> None:
    cookie = cookie_of(client)
    site: Any = client.app.state.site  # type: ignore[attr-defined]
    visitors: Visitors = site.visitors
    assert visitors.of(connection(cookie)).known
    number = cookie.partition(".")[0]
    other = ("1" if cookie[0] == "0" else "0") + cookie[1:]
    for made_up in ("", number, "0" * 32, cookie[:-1], other, "é\x00", '"' * 9, "." * 3):
        assert not visitors.of(connection(made_up)).known
    assert not Visitors("another secret").of(connection(cookie)).known
    same = visitors.of(connection(cookie)).owner
    assert same == visitors.of(connection(cookie, "10.0.0.2")).owner and number not in same


def test_visitors_without_a_cookie_share_the_limit_of_one_and_those_with_one_do_not(
    tmp_path: Path,
) -> None:
    """A thousand made-up cookies are nobody's, so they take the places of one."""
    with TestClient(application(tmp_path, FakeLauncher(), runs_at_once=1)) as client:
        mine = cookie_of(client)
        client.cookies.clear()
        taken = []
        for number in range(1000):
            headers = {"Cookie": f"{COOKIE}={number:032x}"}
            taken.append(client.post("/api/runs", json=ORDER, headers=headers).status_code)
            client.cookies.clear()
        assert taken.count(201) == 3 and taken.count(429) == 997
        headers = {"Cookie": f"{COOKIE}={mine}"}
        answer = client.post("/api/runs", json=ORDER, headers=headers)
        assert answer.status_code == 201 and answer.json()["position"] == 1


def test_visitors_of_a_class_behind_one_address_have_a_run_each(tmp_path: Path) -> None:
    app = application(tmp_path, FakeLauncher(), runs_at_once=2)
    with TestClient(app) as client:
        for _ in range(60):
            client.cookies.clear()
            cookie_of(client)
            assert client.post("/api/runs", json=ORDER).status_code == 201


def test_visitor_alone_may_stop_what_they_started(tmp_path: Path) -> None:
    app = application(tmp_path, FakeLauncher(script=2), runs_at_once=1)
    with TestClient(app) as client:
        runs = [client.post("/api/runs", json=ORDER).json()["id"] for _ in range(2)]
        mine = client.cookies[COOKIE]
        client.cookies.clear()
        other = cookie_of(client)
        for cookie in (other, "0" * 32, mine[:-1], ""):
            client.cookies.clear()
            headers = {"Cookie": f"{COOKIE}={cookie}", "Accept-Language": "zh"}
            for run in runs:
                answer = client.delete(f"/api/runs/{run}", headers=headers)
                assert answer.status_code == 403
                assert answer.json()["detail"] == "只有启动运行的人才能停止它。"
                assert client.get(f"/api/runs/{run}", headers=headers).json()["yours"] is False
                assert 'id="stop-run"' not in client.get(f"/runs/{run}", headers=headers).text
        client.cookies.clear()
        headers = {"Cookie": f"{COOKIE}={mine}"}
        assert [run["state"] for run in client.get("/api/runs").json()] == ["waiting", "running"]
        for run in runs:
            assert client.get(f"/api/runs/{run}", headers=headers).json()["yours"] is True
            assert 'id="stop-run"' in client.get(f"/runs/{run}", headers=headers).text
        for run in reversed(runs):
            answer = client.delete(f"/api/runs/{run}", headers=headers)
            assert answer.json()["state"] == "stopped"


def test_visitor_owns_their_runs_after_a_restart(tmp_path: Path) -> None:
    with TestClient(application(tmp_path, FakeLauncher(script=2, ends=True))) as client:
        run = client.post("/api/runs", json=ORDER).json()["id"]
        mine = client.cookies[COOKIE]
        with client.websocket_connect(f"/api/runs/{run}/stream") as socket:
            while socket.receive()["type"] == "websocket.send":
                pass
    with TestClient(create(tmp_path)) as client:
        assert client.get(f"/api/runs/{run}").json()["yours"] is False
        headers = {"Cookie": f"{COOKIE}={mine}"}
        assert client.get(f"/api/runs/{run}", headers=headers).json()["yours"] is True


def test_runs_of_nobody_are_nobodys(client: TestClient) -> None:
    site: Any = client.app.state.site  # type: ignore[attr-defined]
    visitor = site.visitors.of(connection(cookie_of(client)))
    run = Run("r", "", {}, "", RunState.ENDED, Path())
    assert not visitor.owns(run)


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_visitor_cookie_is_kept_to_https_where_that_is_spoken(
    tmp_path: Path, scheme: str, secure: bool
) -> None:
    with TestClient(application(tmp_path), base_url=f"{scheme}://testserver") as client:
        [cookie] = client.get("/").headers.get_list("set-cookie")
    assert ("secure" in cookie.lower()) is secure
    assert "httponly" in cookie.lower() and "samesite=lax" in cookie.lower()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("x" * 9000, "x" * 64),
    ],
)
def test_address_of_ipv6_is_its_network(host: str, address: str) -> None:
    assert address_of(connection(host=host)) == address


def test_secret_is_made_once_and_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = secret_in(folder)
    assert len(first) >= 64 and secret_in(folder) == first
    assert stat.S_IMODE((folder / "secret").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret"]


def test_secret_where_none_can_be_kept_lasts_as_long_as_the_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "data").write_text("a file")
    assert len(secret_in(tmp_path / "data")) >= 64
    assert "forgotten when this server ends" in caplog.text


def test_secret_that_is_damaged_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for damaged in (b"", b"short", b"\xff" * 64):
        (tmp_path / "secret").write_bytes(damaged)
        assert len(secret_in(tmp_path)) >= 64
    assert caplog.text.count("forgotten") == 3
