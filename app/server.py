"""Serves the web application with uvicorn."""

from __future__ import annotations

import errno
import socket

import uvicorn

from app.configuration import configured
from app.errors import TimesliceError
from app.text.language import _


def serve(host: str | None, port: int | None) -> int:
    """Serve until SIGINT or SIGTERM; the exit status.

    Arguments that are None come from the environment. Raises TimesliceError with a sentence when
    the address can't be had, before anything is started.
    """
    from app.main import create_app
    from app.runs.keeper import Keeper
    from app.runs.launcher import LocalLauncher

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = configured(**given)
    with listening_socket(settings.host, settings.port) as bound:
        config = uvicorn.Config(
            create_app(settings, launcher=LocalLauncher(keeper=Keeper.of_this_process())),
            log_level="warning",
            loop="asyncio",  # also where uvloop is installed: what was tested is what runs
            timeout_graceful_shutdown=2,
            # Frames are small and many: deflating each for each viewer doubles the server's work.
            ws_per_message_deflate=False,
        )
        name, bound_port = bound.getsockname()[:2]
        shown = f"[{name}]" if ":" in name else name
        print(  # noqa: T201
            _("Timeslice is at http://{host}:{port} (Ctrl-C ends it)").format(
                host=shown, port=bound_port
            ),
            flush=True,
        )
        uvicorn.Server(config).run(sockets=[bound])
    return 0


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound and listening socket. Raises TimesliceError naming what is wrong."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise TimesliceError(
            "There is no address {host}: {why}.", host=host, why=error.strerror
        ) from error
    family, kind, protocol, _name, address = found[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise TimesliceError(
                "Port {port} on {host} is in use; choose another with --port, or 0 for a free one.",
                port=port,
                host=host,
            ) from error
        raise TimesliceError(
            "Can't listen on {host}, port {port}: {why}.",
            host=host,
            port=port,
            why=error.strerror,
        ) from error
    return listener
