"""Who watches: a bound for each address, and memory that goes when they go."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.errors import TooManyViewers
from app.runs.meters import Meters
from app.web import audience, memory
from app.web.audience import Audience
from tests.runs.make import FakeLauncher
from tests.web.make import application


def test_audience_bounds_each_address_alone() -> None:
    seats = Audience(2, Meters())
    with seats.seat("a"), seats.seat("a"), seats.seat("b"):
        with pytest.raises(TooManyViewers, match="2 pages"), seats.seat("a"):
            pass
    with seats.seat("a"), seats.seat("a"):
        pass


def test_audience_gives_memory_back_when_half_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(audience.memory, "give_back", lambda: given.append(len(stacks)))
    seats = Audience(99, Meters())
    stacks = [ExitStack() for _ in range(8)]
    for stack in stacks:
        stack.enter_context(seats.seat("a"))
    while stacks:
        stacks.pop().close()
    assert given == [4, 2, 1, 0]


def test_memory_can_be_given_back_here() -> None:
    memory.give_back()


@pytest.mark.parametrize(("language", "said"), [("en", "close some"), ("zh", "请关闭一些")])
def test_viewer_above_the_bound_is_told_in_their_language(
    tmp_path: Path, language: str, said: str
) -> None:
    app = application(tmp_path, FakeLauncher(script=2), viewers_per_address=1)
    with TestClient(app, headers={"Accept-Language": language}) as client:
        run = client.post("/api/runs", json={"scenario": "dead-lock"}).json()["id"]
        with client.websocket_connect(f"/api/runs/{run}/stream") as first:
            first.receive_bytes()
            with (
                client.websocket_connect(f"/api/runs/{run}/stream") as second,
                pytest.raises(WebSocketDisconnect) as closed,
            ):
                second.receive_bytes()
            assert closed.value.code == 4429 and said in closed.value.reason
        # The place is free again.
        with client.websocket_connect(f"/api/runs/{run}/stream") as third:
            third.receive_bytes()
