"""A real server on a free port of the loopback, in the test's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI

from app.cli.server import listening_socket
from app.web.protocols import options


@contextlib.asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Yields ``127.0.0.1:port``; it is served as ``timeslice serve`` does it."""
    settings = app.state.site.settings
    with listening_socket("127.0.0.1", 0, settings.stall_limit_s) as listening:
        config = uvicorn.Config(app, **options(settings))
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            while not server.started:
                assert not task.done(), "the server did not start"
                await asyncio.sleep(0.005)
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task
