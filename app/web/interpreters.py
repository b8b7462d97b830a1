"""Looks for the interpreters that a run may be started with, in a process of its own.

Asking many interpreters takes seconds. In its own process, at low priority, it disturbs no run, and
it ends at once when the server ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

from pydantic import TypeAdapter

from app.doctor.interpreters import Interpreter, find

_LIST = TypeAdapter(list[Interpreter])
_PR_SET_PDEATHSIG = 1  # prctl(2)


async def look() -> list[Interpreter]:
    """The interpreters that our probe runs in, the server's own first; empty after a failure."""
    root = str(Path(__file__).resolve().parents[2])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.web.interpreters",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
        process_group=0,  # in our session: processes in another belong to runs (app/runs/keeper.py)
    )
    try:
        answer, _ = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return _LIST.validate_json(answer) if process.returncode == 0 else []


def main() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(10)
    # The interpreters must not inherit the path by which this one finds our package.
    os.environ.pop("PYTHONPATH", None)
    found = [item for item in find() if item.probe]
    sys.stdout.buffer.write(_LIST.dump_json(found))


if __name__ == "__main__":
    main()
