"""Who watches: a bound for each address, and memory that goes when they go."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from app.errors import TooManyViewers
from app.runs.metrics import Metrics
from app.web import memory
from app.web.audience import Audience
from tests.runs.make import FakeLauncher
from tests.web.make import application
from tests.web.serving import serving
from tests.web.test_stream import started, viewer


def test_audience_bounds_each_address_alone() -> None:
    seats = Audience(2, Metrics())
    many = pytest.raises(TooManyViewers, match="2 pages")
    with seats.seat("a"), seats.seat("a"), seats.seat("b"), many, seats.seat("a"):
        pass
    with seats.seat("a"), seats.seat("a"):
        pass


def test_audience_gives_memory_back_when_half_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    stacks = [ExitStack() for _ in range(8)]
    monkeypatch.setattr(memory, "give_back", lambda: given.append(len(stacks)))
    seats = Audience(99, Metrics())
    for stack in stacks:
        stack.enter_context(seats.seat("a"))
    while stacks:
        stacks.pop().close()
    assert given == [4, 2, 1, 0]


def test_memory_can_be_given_back_here() -> None:
    memory.give_back()


@pytest.mark.anyio
@pytest.mark.parametrize(("language", "said"), [("en", "close some"), ("zh", "请关闭一些")])
async def test_viewer_above_the_bound_is_told_in_their_language(
    tmp_path: Path, language: str, said: str
) -> None:
    launcher = FakeLauncher(script=1)
    app = application(tmp_path, launcher, viewers_per_address=1, language=language)
    async with serving(app) as address:
        url, _ = await started(address, launcher)
        async with viewer(url) as first:
            await first.recv()
            async with viewer(url) as second:
                with pytest.raises(ConnectionClosed) as closed:
                    await second.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4429
            assert said in closed.value.rcvd.reason
