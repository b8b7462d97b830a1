"""The interpreters that the form offers."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.errors import UnknownInterpreter
from app.web.forms import chosen
from app.web.interpreters import look
from tests.runs.make import FakeLauncher
from tests.web.make import application, interpreters


@pytest.mark.anyio
async def test_look_finds_the_servers_own_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATH", "HOME", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(name, "/nonexistent")
    [own] = await look()
    assert os.path.realpath(own.path) == os.path.realpath(sys.executable)
    assert own.version.startswith("3.") and own.probe


@pytest.mark.anyio
async def test_look_given_up_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter that never answers is killed with the one that asks it."""
    asked = tmp_path / "asked"
    os.mkfifo(asked)
    slow = tmp_path / "python3"
    slow.write_text(f"#!/bin/sh\necho $$ > {asked}\nexec sleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", "/nonexistent")
    looking = asyncio.create_task(look())
    pid = int(await asyncio.to_thread(asked.read_text))
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    async with asyncio.timeout(10):
        while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
            await asyncio.sleep(0.005)


@pytest.mark.anyio
async def test_only_interpreters_that_were_found_are_run() -> None:
    found = await interpreters()
    assert chosen(found, None) is None and chosen(found, "") is None
    assert chosen(found, "3.13.0t") is chosen(found, "CPython 3.13.0t") is found[1]
    with pytest.raises(UnknownInterpreter, match=r"CPython 3\.11\.7, CPython 3\.13\.0t"):
        chosen(found, "/usr/bin/env")
    with pytest.raises(UnknownInterpreter, match="only the server's own"):
        chosen([], "3.13")


def test_run_with_another_interpreter_is_run_again_with_it(tmp_path: Path) -> None:
    launcher = FakeLauncher(script=2, ends=True)
    with TestClient(application(tmp_path, launcher)) as client:
        order = {"scenario": "dead-lock", "python": "3.13.0t"}
        run = client.post("/api/runs", json=order).json()
        assert run["python"] == "CPython 3.13.0t"
        assert client.portal is not None
        assert client.portal.call(launcher.worker).spec.python == "/opt/other"
        page = client.get(f"/runs/{run['id']}").text
        again = re.search(r'href="(/scenarios/dead-lock\?[^"]*)"', page)
        assert again is not None
        form = client.get(again[1].replace("&amp;", "&")).text
        assert '<option value="CPython 3.13.0t" selected>' in form
