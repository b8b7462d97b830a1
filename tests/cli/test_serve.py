"""The served application, as a process of its own."""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.cli.server import listening_socket
from app.errors import TimesliceError


@contextmanager
def served(
    folder: Path, *arguments: str, **environ: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of a server of its own on a free port, and its process."""
    command = [sys.executable, "-m", "app", "serve", "--port", "0", *arguments]
    environment = {**os.environ, "TIMESLICE_DATA_DIR": str(folder), "TIMESLICE_LANGUAGE": "en"}
    environment |= environ
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://\S+", said)
            assert found, said
            yield found.group(), process
        finally:
            process.kill()


@pytest.mark.real
def test_serve_answers_and_ends_at_sigterm(tmp_path: Path) -> None:
    with served(tmp_path) as (url, process):
        with urllib.request.urlopen(f"{url}/healthz", timeout=20) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


@pytest.mark.real
def test_serve_sends_frames_undeflated(tmp_path: Path) -> None:
    """Frames are small and many: deflating each of them for each viewer doubles the work."""
    with served(tmp_path) as (url, _):
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
            "Sec-WebSocket-Extensions": "permessage-deflate",
        }
        with contextlib.closing(connection):
            connection.request("GET", "/api/runs/none/stream", headers=upgrade)
            answer = connection.getresponse()
            assert answer.status == 101
            assert answer.getheader("Sec-WebSocket-Extensions") is None


@pytest.mark.real
def test_serve_on_a_port_in_use_says_so_and_exits_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "app", "serve", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "TIMESLICE_DATA_DIR": str(tmp_path), "TIMESLICE_LANGUAGE": "en"},
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"timeslice: Port {port} on 127.0.0.1 is in use; choose another with --port, "
        "or 0 for a free one."
    ]


def test_listening_socket_names_an_unknown_host() -> None:
    with pytest.raises(TimesliceError, match=r"There is no address no\.such\.host\.invalid"):
        listening_socket("no.such.host.invalid", 0)


def test_listening_socket_names_an_address_of_another_machine() -> None:
    with pytest.raises(TimesliceError, match=r"Can't listen on 192\.0\.2\.1"):
        listening_socket("192.0.2.1", 0)
