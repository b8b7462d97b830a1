"""The OpenAPI document is true: a machine that believes it meets no surprise."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.testclient import TestClient

from tests.runs.make import FakeLauncher
from tests.web.make import application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a real server, whose runs end at once."""
    app = application(
        tmp_path, FakeLauncher(script=2, ends=True), runs_per_visitor=64, runs_kept=20
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_openapi_holds_for_whatever_is_sent(server: str) -> None:
    schema = schemathesis.openapi.from_url(f"{server}/openapi.json")
    found = list(schema.get_all_operations())
    operations = [result.ok() for result in found if isinstance(result, Ok)]
    assert len(operations) == len(found), "an operation that can't be understood"
    assert len(operations) == 12
    for operation in operations:

        @settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def holds(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(checks=CHECKS)

        holds()


def test_openapi_declares_the_errors(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        "/api/scenarios",
        "/api/runs",
        "/api/runs/{run_id}",
        "/api/runs/{run_id}/pin",
        "/api/runs/{run_id}/predictions",
        "/api/runs/{run_id}/timeline",
        "/api/runs/{run_id}/export",
        "/healthz",
        "/metrics",
    }
    start = paths["/api/runs"]["post"]["responses"]
    assert set(start) == {"201", "400", "403", "404", "413", "422", "429", "503"}
    for status, response in start.items():
        kind = "application/json" if status == "201" else "application/problem+json"
        assert list(response["content"]) == [kind]
    assert set(paths["/api/runs/{run_id}"]["get"]["responses"]) == {"200", "404"}
