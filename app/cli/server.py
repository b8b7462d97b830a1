"""Serves the web application with uvicorn."""

from __future__ import annotations

import errno
import socket

import uvicorn

from app.cli.configuration import configured
from app.errors import TimesliceError
from app.locale.terminal import _


def serve(host: str | None, port: int | None) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit status.

    Arguments that are None come from the environment. Raises TimesliceError before anything is
    started if it can't listen at the address.
    """
    from app.runs.keeper import Keeper
    from app.runs.launcher import LocalLauncher
    from app.web.application import create_app
    from app.web.protocols import options

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = configured(**given)
    with listening_socket(settings.host, settings.port, settings.stall_limit_s) as bound:
        launcher = LocalLauncher(keeper=Keeper.of_this_process())
        config = uvicorn.Config(create_app(settings, launcher=launcher), **options(settings))
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


def listening_socket(host: str, port: int, stall_limit_s: float = 30.0) -> socket.socket:
    """A bound and listening socket. Raises TimesliceError, which says what is wrong.

    If the other end of a connection reads nothing for ``stall_limit_s`` while data waits for it,
    the kernel closes the connection (TCP_USER_TIMEOUT, tcp(7)), so that it holds no memory.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise TimesliceError(
            "There is no address {host}: {why}.", host=host, why=error.strerror
        ) from error
    family, kind, protocol, _name, address = found[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, round(stall_limit_s * 1000))
    )
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
