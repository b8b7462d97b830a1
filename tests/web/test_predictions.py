"""Predicting before a run, and the path through the catalogue, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from app.catalogue import load
from app.catalogue.paths import PATHS
from app.web.application import create_app
from tests.runs.make import FakeLauncher, settings
from tests.web.make import interpreters


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """The whole catalogue; its runs show nothing."""
    application = create_app(
        settings(tmp_path / "data", runs_per_visitor=64),
        launcher=FakeLauncher(script=2, ends=True),
        catalogue=load(),
        find_interpreters=interpreters,
    )
    with TestClient(application, follow_redirects=False) as client:
        yield client


def start(client: TestClient, slug: str, **values: str) -> str:
    answer = client.post("/runs", data={"scenario": slug, **values})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_each_kind_of_question_is_in_the_form_and_on_the_run(client: TestClient) -> None:
    asked = {
        "queue": ({"predict.who-waits": "put"}, "A producer, in put()."),
        "process-states": ({"predict.share": "33"}, "33 %"),
        "daemon-thread": (
            {"predict.ends.1": "main", "predict.ends.2": "worker", "predict.ends.3": "logger"},
            "main&#39;s own code → the ordinary thread (worker) → the daemon thread (logger)",
        ),
        "deadlock": (
            {"predict.states.Ann": "rrrrbbbbbbbb", "predict.states.Bob": "." * 12},
            'data-letters="RRRRBBBBBBBB"',
        ),
    }
    for slug, (values, shown) in asked.items():
        form = client.get(f"/scenarios/{slug}?lang=en").text
        for name in values:
            assert f'name="{name}"' in form
        run = start(client, slug, **values)
        page = client.get(f"{run}?lang=en").text
        assert "Your prediction" in page and shown in page
        (outcome,) = client.get(f"/api{run}/predictions").json()
        assert outcome["answer"] is None and outcome["why"].endswith(".")  # it shows nothing
        assert outcome["because"] == ""


def test_prediction_survives_a_restart(client: TestClient, tmp_path: Path) -> None:
    run = start(client, "queue", **{"predict.who-waits": "get"})
    with client.websocket_connect(f"/api{run}/stream") as socket:
        while socket.receive()["type"] == "websocket.send":
            pass
    again = create_app(settings(tmp_path / "data"), find_interpreters=interpreters)
    with TestClient(again) as later:
        assert "The consumer, in get()." in later.get(f"{run}?lang=en").text


def test_nothing_predicted_shows_nothing(client: TestClient) -> None:
    blank = {"predict.states.Ann": "." * 12, "predict.states.Bob": "." * 12}
    page = client.get(start(client, "deadlock", **blank) + "?lang=en").text
    assert 'id="prediction"' not in page


def test_wrong_prediction_is_said_beside_it_and_loses_nothing(client: TestClient) -> None:
    values = {"scenario": "daemon-thread", "main_seconds": "0.7", "predict.ends.1": "main"}
    answer = client.post("/runs?lang=en", data=values)
    assert answer.status_code == 422
    assert "Give each its own place." in answer.text and 'value="0.7"' in answer.text
    assert '<option value="main" selected>' in answer.text
    assert client.get("/api/runs").json() == []


def test_path_leads_from_step_to_step(client: TestClient) -> None:
    page = client.get("/paths/first-course?lang=en").text
    steps = re.findall(r'href="(/scenarios/[^"]+)"', page)
    assert len(steps) == 10 and 'href="/paths/first-course"' in client.get("/?lang=en").text
    address = steps[0]
    for number in range(1, 11):
        form = client.get(f"{address}&lang=en").text
        assert f"step {number} of 10" in form
        slug = address.removeprefix("/scenarios/").partition("?")[0]
        run = start(client, slug, path="first-course")
        assert run.endswith("?path=first-course")
        (address,) = re.findall(r'id="next-step" href="([^"]+)"', client.get(run).text)
    assert address == "/paths/first-course"


def test_path_asks_what_the_form_asks(client: TestClient) -> None:
    """One question: on the path's page, above the form and with its field in the form."""
    page = client.get("/paths/first-course?lang=zh").text
    for step in PATHS[0].steps:
        (question, *_) = load()[step.slug].questions
        form = client.get(f"/scenarios/{step.slug}?path=first-course&lang=zh").text
        assert escape(question.text.of("zh")) in page
        assert form.count(escape(question.text.of("zh"))) == 2
        assert f'name="predict.{question.id}' in form


def test_unknown_path_is_not_found_and_is_ignored_in_a_query(client: TestClient) -> None:
    assert client.get("/paths/nonsense").status_code == 404
    page = client.get("/scenarios/queue?path=nonsense").text
    assert "step-banner" not in page
