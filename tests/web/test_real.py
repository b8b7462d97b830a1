"""From the form to the recording with nothing replaced: real catalogue, worker, program."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from app.timeline.frames import decode
from app.timeline.timeline import Timeline
from app.web.application import create_app
from tests.runs.make import settings
from tests.web.serving import serving
from tests.web.test_stream import viewer, watch

pytestmark = [pytest.mark.anyio, pytest.mark.real]


async def test_form_starts_a_real_deadlock_that_is_seen_while_it_is_stuck(tmp_path: Path) -> None:
    async with serving(create_app(settings(tmp_path))) as address:
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as client:
            page = (await client.get("/scenarios/deadlock")).text
            names = re.findall(r'name="([a-z_]+)"', page.partition('action="/runs"')[2])
            assert {"scenario", "variant", "meals", "patience"} <= set(names)
            form = {"scenario": "deadlock", "variant": "broken", "meals": "100", "patience": "1"}
            answer = await client.post("/runs", data=form)
            assert answer.status_code == 303
            run_id = answer.headers["location"].removeprefix("/runs/")
            url = f"ws://{address}/api/runs/{run_id}/stream"
            live = Timeline()
            found_while = ""
            async with viewer(url) as line:
                while live.state != "ended":
                    message = await line.recv()
                    assert isinstance(message, bytes)
                    frame = decode(message)
                    live.apply(frame)
                    if "deadlock" in str(frame.head.get("findings")) and not found_while:
                        found_while = live.state
            run = (await client.get(f"/api/runs/{run_id}")).json()
            program = (await client.get(f"/runs/{run_id}/program.py")).text
        assert run["state"] == "ended", run
        assert "MEALS = 100" in program and "PATIENCE = 1" in program
        assert found_while == "running"
        assert live.claims["cycle"]["verdict"] == "holds"
        assert {"Ann", "Bob"} <= {re.split(r"\W", t.name)[0] for t in live.tracks.values()}
        replayed = Timeline(map(decode, await watch(url)))
        assert replayed.to_json() == live.to_json()


async def test_real_run_is_stopped_on_request(tmp_path: Path) -> None:
    async with serving(create_app(settings(tmp_path))) as address:
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as client:
            order = {"scenario": "deadlock", "params": {"patience": 20, "meals": 100}}
            run = (await client.post("/api/runs", json=order)).json()
            async with viewer(f"ws://{address}/api/runs/{run['id']}/stream") as line:
                await line.recv()
                stopped = (await client.delete(f"/api/runs/{run['id']}")).json()
        assert stopped["state"] == "stopped"
        assert stopped["limit"]["name"] == "stopped"
        assert stopped["exit"] == {"cause": "stopped", "code": None, "signal": "SIGKILL"}
        assert stopped["duration_ns"] < 20_000_000_000
