"""The interpreters that the form offers."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from app.errors import UnknownInterpreter
from app.web.forms import chosen
from app.web.interpreters import look
from tests.web.make import interpreters

pytestmark = pytest.mark.anyio


async def test_look_finds_the_servers_own_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATH", "HOME", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(name, "/nonexistent")
    [own] = await look()
    assert os.path.realpath(own.path) == os.path.realpath(sys.executable)
    assert own.version.startswith("3.") and own.probe


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


async def test_only_interpreters_that_were_found_are_run() -> None:
    found = await interpreters()
    assert chosen(found, None) is None and chosen(found, "") is None
    assert chosen(found, "3.13.0t") == chosen(found, "CPython 3.13.0t") == "/opt/other"
    with pytest.raises(UnknownInterpreter, match=r"CPython 3\.11\.7, CPython 3\.13\.0t"):
        chosen(found, "/usr/bin/env")
    with pytest.raises(UnknownInterpreter, match="only the server's own"):
        chosen([], "3.13")
