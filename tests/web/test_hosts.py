"""By which names the server may be asked: a name that is pointed at it from outside is refused."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.testclient import TestClient, WebSocketDenialResponse

from app.settings import Settings
from app.web.hosts import Hosts, own_names
from tests.web.make import application

LOCAL = ["localhost", "LOCALHOST:8000", "a.localhost", "localhost.", "127.0.0.1", "127.9.9.9:1"]
ADDRESSES = ["192.168.1.5:8000", "10.0.0.1", "[::1]", "[::1]:8000", "[fe80::1:2]:80"]
FOREIGN = ["evil.example", "evil.example:8000", "localhost.evil.example", "notlocalhost", "1.2.3"]
MALFORMED = [
    *("", "[::1", "::1", "[::1]x", "[1.2.3.4]", "127.1", "0x7f.1", "a b", "a/b", "\x00", "ä"),
    *("user@localhost", "localhost:x", "localhost:80:80", "localhost, evil.example"),
]


@pytest.mark.parametrize("host", [*LOCAL, *ADDRESSES])
def test_hosts_local_names_and_all_addresses_are_allowed(host: str) -> None:
    assert Hosts([]).allow(host)


@pytest.mark.parametrize("host", [*FOREIGN, *MALFORMED])
def test_hosts_other_names_and_malformed_ones_are_not(host: str) -> None:
    assert not Hosts(["teacher.local", "*.example.org"]).allow(host)


def test_hosts_more_names_can_be_allowed() -> None:
    hosts = Hosts(["Teacher.local", "*.example.org", "教室.example"])
    for name in ("teacher.LOCAL:8000", "a.example.org", "a.b.example.org"):
        assert hosts.allow(name)
    assert hosts.allow("教室.example".encode("idna").decode())
    for name in ("example.org", "evil-example.org", "teacher.local.evil.example"):
        assert not hosts.allow(name)
    assert Hosts(["*"]).allow("any.example") and not Hosts(["*"]).allow("[::1")


@given(st.text())
def test_hosts_no_text_is_an_error(text: str) -> None:
    assert Hosts([]).allow(text) in (True, False)


def test_hosts_own_names_are_those_of_where_it_listens() -> None:
    name = socket.gethostname()
    assert own_names("127.0.0.1") == own_names("::1") == []
    assert own_names("localhost") == ["localhost"]
    assert own_names("0.0.0.0") == own_names("::") == [name, f"{name}.local"]
    assert own_names("lab.example") == ["lab.example", name, f"{name}.local"]


@pytest.mark.parametrize("value", ["http://a", "a:80", "a b", "*x", "a,,b/", "*.*.a"])
def test_hosts_a_setting_that_is_no_name_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match=r"no host name.*teacher\.local"):
        Settings(allowed_hosts=value)


@pytest.mark.parametrize("host", ["evil.example", "[::1"])
def test_foreign_host_gets_a_readable_refusal_and_starts_nothing(tmp_path: Path, host: str) -> None:
    with TestClient(application(tmp_path)) as client:
        headers = {"Host": host, "Origin": f"http://{host}"}
        answer = client.post("/api/runs", json={"scenario": "dead-lock"}, headers=headers)
        assert answer.status_code == 421
        assert answer.headers["content-type"] == "application/problem+json"
        assert "TIMESLICE_ALLOWED_HOSTS" in answer.json()["detail"] and host in answer.text
        for path in ("/", "/api/runs", "/openapi.json", "/nothing"):
            assert client.get(path, headers=headers).status_code == 421
        page = client.get("/?lang=zh", headers={"Host": host})
        assert "请改用它的 IP 地址" in page.text and 'href="/static/' in page.text
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            client.websocket_connect("/api/runs/x/stream", headers=headers),
        ):
            pass
        assert refused.value.status_code == 421
        assert client.get("/api/runs").json() == []


def test_allowed_host_may_start_runs(tmp_path: Path) -> None:
    with TestClient(application(tmp_path, allowed_hosts="lab.example, testserver")) as client:
        headers = {"Host": "lab.example:8000", "Origin": "http://lab.example:8000"}
        answer = client.post("/api/runs", json={"scenario": "dead-lock"}, headers=headers)
        assert answer.status_code == 201
