"""A parameter of several rows: read from text, JSON and forms, refused by name, written again."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import field_validator

from app.catalogue.parameters import Parameters, fields, integer, label, plain, table, validate
from app.catalogue.tables import Refused
from app.errors import InvalidParameters
from app.locale.text import Text


class Job(Parameters):
    name: str = label(Text(en="Name", zh="名称"))
    arrival: int = integer(0, Text(en="Arrives", zh="到达"), minimum=0, maximum=40)
    burst: int = integer(1, Text(en="Burst", zh="执行"), minimum=1, maximum=30)


class Settings(Parameters):
    jobs: tuple[Job, ...] = table(
        (Job(name="A"), Job(name="B", burst=3)), Text(en="Jobs", zh="作业"), row=Job, most=3
    )

    @field_validator("jobs")
    @classmethod
    def _differ(cls, jobs: tuple[Job, ...]) -> tuple[Job, ...]:
        if len({job.name for job in jobs}) < len(jobs):
            raise Refused(en="Two jobs have one name.", zh="有两个作业同名。")
        return jobs


def read(jobs: object) -> list[Any]:
    value = plain(validate(Settings, {"jobs": jobs}, owner="example"))["jobs"]
    assert isinstance(value, list)
    return value


def refused(jobs: object, language: str = "en") -> dict[str, str]:
    with pytest.raises(InvalidParameters) as caught:
        validate(Settings, {"jobs": jobs}, owner="example", language=language)
    return caught.value.fields


def test_field_has_columns_and_counts_rows() -> None:
    (jobs,) = fields(Settings)
    assert (jobs.kind, jobs.minimum, jobs.maximum) == ("table", 1, 3)
    assert jobs.default == [("A", 0, 1), ("B", 0, 3)]
    assert [column.name for column in jobs.columns] == ["name", "arrival", "burst"]
    assert jobs.json_default() == [
        {"name": "A", "arrival": 0, "burst": 1},
        {"name": "B", "arrival": 0, "burst": 3},
    ]


@pytest.mark.parametrize(
    "raw",
    [
        "A 2; B 1 5",
        " A  2 1 ;B 1 5",
        [["A", 2], ["B", 1, 5]],
        [{"name": "A", "arrival": 2}, {"name": "B", "arrival": 1, "burst": 5}],
        [{"name": "A", "arrival": "2", "burst": ""}, {}, {"name": "B", "arrival": 1, "burst": 5}],
        (Job(name="A", arrival=2).model_dump(), Job(name="B", arrival=1, burst=5).model_dump()),
    ],
)
def test_rows_are_read_however_they_are_given(raw: object) -> None:
    assert read(raw) == [("A", 2, 1), ("B", 1, 5)]


def test_rows_are_written_as_they_are_read() -> None:
    (jobs,) = fields(Settings)
    for text in ("A", "A 2", "A 0 3; B 1 2", "甲 1; B2; c 40 30"):
        value = validate(Settings, {"jobs": text}, owner="example")
        assert jobs.line(value.model_dump(mode="json")["jobs"]) == text
        assert jobs.line(plain(value)["jobs"]) == text
        assert validate(Settings, value.model_dump(mode="json"), owner="example") == value


def test_wrong_cells_are_named_by_row_and_column() -> None:
    assert refused("A x 99; B; a-b") == {
        "jobs.1.arrival": "Row 1: Arrives must be a whole number from 0 to 40, not 'x'.",
        "jobs.1.burst": "Row 1: Burst must be a whole number from 1 to 30, not '99'.",
        "jobs.3.name": "Row 3: Name must be 1 to 8 letters or digits, not 'a-b'.",
    }
    assert refused("A x", "zh") == {
        "jobs.1.arrival": "第 1 行：“到达”应为 0 到 40 的整数，而不是 'x'。"
    }


def test_rows_left_blank_keep_the_number_of_those_after_them() -> None:
    rows = [{"name": "A"}, {"name": "", "burst": ""}, {"burst": "3"}]
    assert refused(rows) == {"jobs.3.name": "Row 3: Name must be 1 to 8 letters or digits, not ''."}


@pytest.mark.parametrize("raw", ["", " ", [], [{}], "A; B; C; D"])
def test_number_of_rows_is_bounded(raw: object) -> None:
    (sentence,) = refused(raw).values()
    assert sentence.startswith("Jobs must be 1 to 3 rows of name, arrival, burst, not ")


@pytest.mark.parametrize("raw", [5, None, True, {"name": "A"}, ["A", "B"], [3], [None]])
def test_anything_else_is_refused_with_an_example(raw: object) -> None:
    assert refused(raw) == {
        "jobs": "It must be rows of name, arrival, burst, such as A 0 3; B 1 2."
    }


def test_too_many_cells_and_unknown_columns_are_named() -> None:
    assert refused("A; B 1 2 3") == {
        "jobs": "Row 2 has 4 cells; it may have 3: name, arrival, burst."
    }
    assert refused([{"name": "A", "size": 3}]) == {
        "jobs.1.size": "Row 1: it has no parameter 'size'; it has: name, arrival, burst."
    }


@pytest.mark.parametrize("cell", [True, 1.5, [1], {"a": 1}, "1e3"])
def test_cells_are_as_strict_as_parameters(cell: object) -> None:
    assert list(refused([["A", cell]])) == ["jobs.1.arrival"]


def test_scenario_s_own_rule_gives_its_own_sentence() -> None:
    assert refused("A; B; A") == {"jobs": "Two jobs have one name."}
    assert refused("A; B; A", "zh") == {"jobs": "有两个作业同名。"}
