"""Where brokers are sought, and what is said of one that does not answer."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.catalogue import Catalogue, brokers, load
from app.catalogue.brokers import BROKERS
from app.web.application import create_app
from tests.runs.make import FakeLauncher, settings

REDIS = replace(BROKERS["redis"], library="socket")  # a package that is there for certain


@pytest.fixture(autouse=True)
def ask_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "_last", (-10.0, {}))


@pytest.fixture
def port() -> Iterator[int]:
    """A port at which nobody listens, and which nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_the_usual_address_and_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMESLICE_REDIS_URL", raising=False)
    assert REDIS.endpoint == ("127.0.0.1", 6379)
    monkeypatch.setenv("TIMESLICE_REDIS_URL", "redis://reader:secret@cache.example:7000/2")
    assert REDIS.endpoint == ("cache.example", 7000)
    assert REDIS.address == "cache.example:7000"


def test_a_broker_that_listens_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("TIMESLICE_REDIS_URL", address)
        assert REDIS.answers() and REDIS.obstacle(True) is None


def test_a_broker_that_does_not_answer_is_told_with_what_helps(
    monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    monkeypatch.setenv("TIMESLICE_REDIS_URL", f"redis://u:secret@127.0.0.1:{port}")
    assert not REDIS.answers()
    why = REDIS.obstacle(False)
    assert why is not None
    assert why.en == (
        f"Redis does not answer at 127.0.0.1:{port}. "
        "Start it: docker compose --profile brokers up -d"
    )
    assert f"127.0.0.1:{port} 没有应答" in why.of("zh")


@pytest.mark.parametrize("url", ["nonsense", "redis://", "redis://host:port", "redis://[::1"])
def test_an_address_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("TIMESLICE_REDIS_URL", url)
    assert not REDIS.answers()
    why = REDIS.obstacle(False)
    assert why is not None and why.en.startswith("TIMESLICE_REDIS_URL is no address such as")


def test_a_library_that_is_missing_is_told() -> None:
    why = replace(REDIS, library="no_such_library").obstacle(True)
    assert why is not None and why.en.endswith("python -m pip install no_such_library")


def test_the_page_offers_only_brokers_that_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: int
) -> None:
    for broker in BROKERS.values():
        monkeypatch.setenv(broker.variable, f"{broker.scheme}://127.0.0.1:{port}")
        monkeypatch.setitem(BROKERS, broker.name, replace(broker, library="socket"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = listener.getsockname()[1]
        monkeypatch.setenv("TIMESLICE_KAFKA_URL", f"kafka://127.0.0.1:{there}")
        launcher = FakeLauncher()
        items = Catalogue([load()["brokers"]])
        app = create_app(settings(tmp_path), launcher=launcher, catalogue=items)
        with TestClient(app, follow_redirects=False) as visitor:
            page = visitor.get("/scenarios/brokers?broker=kafka").text
            assert '<option value="redis" disabled>' in page
            assert '<option value="kafka" selected>' in page
            assert f"RabbitMQ does not answer at 127.0.0.1:{port}. Start it: docker" in page
            assert "Kafka does not answer at 127" not in page
            assert "aiokafka" in "".join(re.findall(r'class="code-text">(.*?)</span></div>', page))
            chinese = visitor.get("/scenarios/brokers?lang=zh").text
            assert f"RabbitMQ 在 127.0.0.1:{port} 没有应答" in chinese
            # Asked for nevertheless: the program itself will say so.
            answer = visitor.post("/runs", data={"scenario": "brokers", "broker": "rabbitmq"})
            assert answer.status_code == 303
            api = visitor.post("/api/runs", json={"scenario": "brokers", "params": {}})
            assert api.status_code < 300
