"""A scenario with a table of jobs: its form without scripts, its run's pages, and the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.catalogue import Catalogue, Parameters, Text
from app.catalogue.parameters import integer, label, table
from app.web.application import create_app
from tests.runs.make import FakeLauncher, settings
from tests.web.make import PROGRAM, interpreters, scenario

TABLE = 'JOBS = [\n    ("A", 0, 3),\n    ("B", 2, 1),\n]\n'


class Job(Parameters):
    name: str = label(Text(en="Name", zh="名称"))
    arrival: int = integer(0, Text(en="Arrives", zh="到达"), minimum=0, maximum=40)
    burst: int = integer(1, Text(en="Burst", zh="执行"), minimum=1, maximum=30)


class Settings(Parameters):
    jobs: tuple[Job, ...] = table(
        (Job(name="A", burst=3), Job(name="B", arrival=2)),
        Text(en="Jobs", zh="作业"),
        row=Job,
        most=4,
    )
    count: int = integer(3, Text(en="How many", zh="数量"), minimum=1, maximum=9)


@pytest.fixture
def launcher() -> FakeLauncher:
    return FakeLauncher(script=2, ends=True)


@pytest.fixture
def client(tmp_path: Path, launcher: FakeLauncher) -> Iterator[TestClient]:
    item = replace(scenario(tmp_path, "jobs"), parameters=Settings)
    program = re.sub("PAUSE.*\nORDERED.*\nMETHOD.*\n", TABLE, PROGRAM)
    (item.folder / "program.py").write_text(program)
    app = create_app(
        settings(tmp_path / "data"),
        launcher=launcher,
        catalogue=Catalogue([item]),
        find_interpreters=interpreters,
    )
    with TestClient(app, follow_redirects=False) as client:
        yield client


def cells(page: str) -> dict[str, str]:
    """The text inputs of the form that hold something, by name."""
    found = re.findall(r'<input type="text" name="([^"]*)" value="([^"]*)"', page)
    assert len(found) == 4 * 3
    return {name: value for name, value in found if value}


def typed(*rows: tuple[str, str, str]) -> dict[str, str]:
    names = ("name", "arrival", "burst")
    return {
        f"jobs.{n}.{name}": cell
        for n, row in enumerate(rows, 1)
        for name, cell in zip(names, row, strict=True)
    }


def spec(client: TestClient, launcher: FakeLauncher, n: int = 0) -> Any:
    assert client.portal is not None
    return client.portal.call(launcher.worker, n).spec


def test_form_has_every_row_and_fills_in_the_defaults(client: TestClient) -> None:
    page = client.get("/scenarios/jobs").text
    assert cells(page) == {
        "jobs.1.name": "A", "jobs.1.arrival": "0", "jobs.1.burst": "3",
        "jobs.2.name": "B", "jobs.2.arrival": "2",
    }  # fmt: skip
    assert 'aria-label="Burst, row 4" inputmode="numeric" placeholder="1"' in page
    assert 'aria-label="执行, 第 4 行"' in client.get("/scenarios/jobs?lang=zh").text


def test_form_takes_the_table_from_the_query(client: TestClient) -> None:
    page = client.get("/scenarios/jobs?jobs=X+1+2%3B+Y").text
    assert cells(page) == {
        "jobs.1.name": "X", "jobs.1.arrival": "1", "jobs.1.burst": "2", "jobs.2.name": "Y",
    }  # fmt: skip
    assert cells(client.get("/scenarios/jobs?jobs=A+1+2+3+4").text)["jobs.1.name"] == "A"


def test_form_starts_what_was_typed(client: TestClient, launcher: FakeLauncher) -> None:
    rows = typed(("A", "0", "5"), ("", "", ""), ("C", "1", ""), ("", "", ""))
    answer = client.post("/runs", data={"scenario": "jobs", **rows})
    assert answer.status_code == 303, answer.text
    found = spec(client, launcher)
    assert 'JOBS = [\n    ("A", 0, 5),\n    ("C", 1, 1),\n]\n' in found.program
    page = client.get(answer.headers["location"]).text
    assert "<dt>Jobs</dt><dd>A 0 5; C 1</dd>" in page
    assert '/scenarios/jobs?jobs=A+0+5%3B+C+1&amp;count=3"' in page


def test_form_marks_the_wrong_cell_and_keeps_the_others(client: TestClient) -> None:
    rows = typed(("A", "0", "5"), ("", "", ""), ("C", '"><i>', "2"))
    answer = client.post("/runs", data={"scenario": "jobs", **rows})
    assert answer.status_code == 422
    page = answer.text
    assert 'id="jobs-error">Row 3: Arrives must be a whole number from 0 to 40, not ' in page
    assert page.count('<td class="invalid">') == 1
    assert re.search(r'class="invalid"><input type="text" name="jobs.3.arrival"', page)
    assert cells(page)["jobs.3.burst"] == "2" and '"><i>' not in page


def test_form_names_a_table_left_empty_and_cells_it_has_not(client: TestClient) -> None:
    page = client.post("/runs", data={"scenario": "jobs", **typed(("", "", ""))}).text
    assert 'id="jobs-error">Jobs must be 1 to 4 rows' in page
    page = client.post("/runs", data={"scenario": "jobs", "jobs.1.size": "3"}).text
    assert "Row 1: it has no parameter" in page
    page = client.post("/runs", data={"scenario": "jobs", "jobs.0.name": "A"}).text
    assert "jobs has no parameter &#39;jobs.0.name&#39;" in page


def test_api_describes_and_takes_the_table(client: TestClient, launcher: FakeLauncher) -> None:
    (parameter, _) = client.get("/api/scenarios").json()[0]["parameters"]
    assert (parameter["kind"], parameter["minimum"], parameter["maximum"]) == ("table", 1, 4)
    assert parameter["default"][1] == {"name": "B", "arrival": 2, "burst": 1}
    assert [column["name"] for column in parameter["columns"]] == ["name", "arrival", "burst"]
    for n, jobs in enumerate(([{"name": "Q", "burst": 2}], [["Q", 0, 2]], "Q 0 2")):
        answer = client.post("/api/runs", json={"scenario": "jobs", "params": {"jobs": jobs}})
        assert answer.status_code == 201, answer.text
        assert answer.json()["params"]["jobs"] == [{"name": "Q", "arrival": 0, "burst": 2}]
        assert 'JOBS = [\n    ("Q", 0, 2),\n]\n' in spec(client, launcher, n).program


def test_api_names_the_wrong_cell(client: TestClient) -> None:
    order = {"scenario": "jobs", "params": {"jobs": [["Q", 99]]}}
    answer = client.post("/api/runs", json=order)
    assert answer.status_code == 422
    assert "Row 1: Arrives must be a whole number" in str(answer.json())


def test_comparison_has_a_table_on_each_side(client: TestClient, launcher: FakeLauncher) -> None:
    page = client.get("/compare?scenario=jobs&a.jobs=X+1&b.jobs=Y+2").text
    assert '<input type="text" name="a.jobs.1.name" value="X"' in page
    assert '<input type="text" name="b.jobs.1.arrival" value="2"' in page
    rows = {f"a.{name}": cell for name, cell in typed(("A", "0", "5")).items()}
    rows |= {f"b.{name}": cell for name, cell in typed(("B", "0", "99")).items()}
    sides = {"a.scenario": "jobs", "b.scenario": "jobs"}
    answer = client.post("/compare", data={**sides, **rows})
    assert answer.status_code == 422
    assert 'id="b.jobs-error">Row 1: Burst must be' in answer.text
    answer = client.post("/compare", data={**sides, **rows, "b.jobs.1.burst": "9"})
    assert answer.status_code == 303, answer.text
    assert 'JOBS = [\n    ("A", 0, 5),\n]\n' in spec(client, launcher).program
