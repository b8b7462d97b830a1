"""The comparison's form, and the page of two runs, as a browser without scripts gets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.runs.make import FakeLauncher
from tests.web.make import application
from tests.web.test_pages import finished


def started(client: TestClient, **values: str) -> tuple[str, str]:
    """The ids of the two runs that the form has started."""
    answer = client.post("/compare", data=values)
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"/compare/(\w+)/(\w+)", answer.headers["location"])
    assert found is not None
    return found[1], found[2]


def value_of(page: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)" min', page)
    assert found is not None, name
    return found[1]


def test_form_has_both_sides_as_the_scenario_was_set(client: TestClient) -> None:
    page = client.get("/compare?scenario=dead-lock&count=4&b.count=7&pause=0.25&lang=en").text
    assert [value_of(page, name) for name in ("a.count", "b.count")] == ["4", "7"]
    assert [value_of(page, name) for name in ("a.pause", "b.pause")] == ["0.25", "0.25"]
    assert page.count('<option value="dead-lock" selected>') == 2
    assert "Title of dead_lock &lt;i&gt;" in page and "Title of dead_lock <i>" not in page


def test_form_takes_another_scenario_for_one_side(client: TestClient) -> None:
    page = client.get("/compare?a.scenario=dead-lock&b.scenario=fork-bomb").text
    assert page.count('<option value="dead-lock" selected>') == 1
    assert page.count('<option value="fork-bomb" selected>') == 1


def test_form_keeps_a_run_that_is_there_and_takes_after_it(client: TestClient) -> None:
    run = finished(client, count="5")
    page = client.get(f"/compare?a={run}").text
    assert f'<input type="hidden" name="a" value="{run}">' in page
    assert value_of(page, "b.count") == "5"
    assert 'name="a.count"' not in page
    a, b = started(client, **{"a": run, "b.scenario": "dead-lock", "b.count": "6"})
    assert a == run and client.get(f"/api/runs/{b}").json()["params"]["count"] == 6


def test_two_runs_that_are_there_are_compared_at_once(client: TestClient) -> None:
    one, other = finished(client, count="5"), finished(client, count="6")
    answer = client.get(f"/compare?a={one}&b={other}")
    assert answer.headers["location"] == f"/compare/{one}/{other}"


def test_both_run_and_the_page_says_what_differs(client: TestClient) -> None:
    shared = {"a.scenario": "dead-lock", "b.scenario": "dead-lock"}
    a, b = started(client, **shared, **{"a.count": "2", "b.count": "8", "b.python": "3.13.0t"})
    page = client.get(f"/compare/{a}/{b}?lang=en").text
    assert f'data-stream="/api/runs/{a}/stream"' in page
    assert f'data-stream="/api/runs/{b}/stream"' in page
    differing = re.findall(r'class="differs">(.*?) <b>(.*?)</b>', page)
    assert ("How many", "2") in differing and ("How many", "8") in differing
    assert not [name for name, _ in differing if name == "Pause"]
    assert "如何" not in page
    assert "逐条轨道比较" in client.get(f"/compare/{a}/{b}?lang=zh").text


def test_second_run_waits_for_the_first(tmp_path: Path) -> None:
    with TestClient(application(tmp_path, FakeLauncher(1)), follow_redirects=False) as client:
        a, b = started(client, **{"a.scenario": "dead-lock", "b.scenario": "fork-bomb"})
        states = [client.get(f"/api/runs/{run}").json()["state"] for run in (a, b)]
        assert states == ["running", "waiting"]  # though two may run at once
        client.delete(f"/api/runs/{a}")
        states = [client.get(f"/api/runs/{run}").json()["state"] for run in (a, b)]
        assert states == ["stopped", "running"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"b.count": "99"}, 'id=&#34;b.count-error&#34;|id="b.count-error"'),
        ({"b.python": "4.0"}, "There is no Python"),
    ],
)
def test_wrong_value_is_said_at_its_side_and_nothing_starts(
    client: TestClient, values: dict[str, str], said: str
) -> None:
    shared = {"a.scenario": "dead-lock", "b.scenario": "dead-lock", "a.count": "4"}
    answer = client.post("/compare", data={**shared, **values})
    assert answer.status_code == 422
    assert re.search(said, answer.text) and "Not started yet" in answer.text
    assert 'id="a.count-error"' not in answer.text and value_of(answer.text, "a.count") == "4"
    assert client.get("/api/runs").json() == []


def test_unknown_scenario_or_run_is_not_found(client: TestClient) -> None:
    run = finished(client)
    for address in ("/compare?a.scenario=nonsense", "/compare?a=nonsense", f"/compare/{run}/none"):
        assert client.get(address).status_code == 404
