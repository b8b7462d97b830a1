"""Requests that are wrong in every way we know: none is an error of ours."""

from __future__ import annotations

import random
from pathlib import Path

import httpx
import pytest

from benchmarks.bad_requests import storm
from benchmarks.wrongs import Wrongs
from tests.web.make import application
from tests.web.serving import serving

pytestmark = pytest.mark.anyio


async def test_bad_requests_never_make_an_error_of_ours(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A small part of ``python -m benchmarks.bad_requests``, with a seed of its own each time."""
    seed = random.randrange(10**6)
    async with serving(application(tmp_path, request_limit_s=0.5)) as address:
        tally = await storm(address, 300, seed)
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            assert (await client.get("/healthz")).status_code == 200
    said = capfd.readouterr().err
    assert not tally.faults, f"seed {seed}: {tally.faults}"
    assert "Traceback" not in said and "ERROR" not in said, f"seed {seed}: {said}"
    assert len(tally.statuses) > 5


def test_bad_requests_are_the_same_for_the_same_seed() -> None:
    one, other = ([Wrongs(random.Random(n)).request() for n in range(50)] for _ in range(2))
    assert one == other
