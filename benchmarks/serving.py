"""A server of its own for a benchmark, as a process, and how it is asked."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Server:
    pid: int
    port: int
    log: Path
    cookie: str = ""


@contextlib.contextmanager
def served(folder: Path, **environ: str) -> Iterator[Server]:
    """``timeslice serve`` on a free port of the loopback; what it says on stderr is in ``log``."""
    log = folder / "log"
    environment = {**os.environ, "TIMESLICE_DATA_DIR": str(folder / "data"), **environ}
    command = [sys.executable, "-m", "app", "serve", "--port", "0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://[^\s/]+:(\d+)", said)
            if found is None:
                raise RuntimeError(f"the server did not say where it is: {said}{log.read_text()}")
            yield Server(process.pid, int(found[1]), log)
        finally:
            process.terminate()
            process.wait(30)


def ask(server: Server, method: str, path: str, body: object = None) -> str:
    """The answer's text; the visitor's cookie is kept. Raises RuntimeError for a refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Cookie": server.cookie, "Content-Type": "application/json"}
    with contextlib.closing(connection):
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
    if cookie := answer.getheader("Set-Cookie"):
        server.cookie = cookie.partition(";")[0]
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {text}")
    return text
