from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.catalogue import Catalogue, Group, Scenario, load
from app.catalogue.loader import problems_of
from app.catalogue.order import ORDER
from app.errors import UnknownScenario


def copy(scenario: Scenario[object], folder: Path) -> Scenario[object]:  # type: ignore[type-var]
    """The scenario, living in a copy of its folder."""
    place = folder / scenario.folder.name
    shutil.copytree(scenario.folder, place)
    return replace(scenario, file=str(place / "scenario.py"))


def test_load_gives_the_scenarios_in_reading_order() -> None:
    assert list(load()) == [slug for slugs in ORDER.values() for slug in slugs]
    assert next(iter(load())) == "process-states"


def test_order_has_every_scenario_once_in_its_own_group() -> None:
    listed = [(group, slug) for group, slugs in ORDER.items() for slug in slugs]
    assert len(set(listed)) == len(listed)
    assert set(listed) == {(item.group, slug) for slug, item in load().items()}
    assert list(ORDER) == list(Group)


def test_a_scenario_without_a_place_comes_last_in_its_group(tmp_path: Path) -> None:
    new, old = copy(load()["gil"], tmp_path), load()["daemon-thread"]
    new.folder.rename(tmp_path / "a_new_one")
    new = replace(new, file=str(tmp_path / "a_new_one/scenario.py"))
    assert list(Catalogue([new, old, load()["deadlock"]])) == [
        "deadlock",
        "daemon-thread",
        "a-new-one",
    ]


def test_catalogue_names_near_matches() -> None:
    with pytest.raises(UnknownScenario, match=r"named 'deadlok'\. Did you mean deadlock"):
        load()["deadlok"]


def test_catalogue_names_all_when_none_is_near() -> None:
    with pytest.raises(UnknownScenario, match=r"There are: process-states, .*, gil, .*\."):
        load()["zzz{}"]


def test_catalogue_cuts_a_long_name() -> None:
    with pytest.raises(UnknownScenario) as caught:
        load()["x" * 10_000]
    assert "x" * 61 not in str(caught.value)


def test_catalogue_is_a_mapping() -> None:
    catalogue = load()
    assert "gil" in catalogue and "nothing" not in catalogue
    assert catalogue.get("nothing") is None
    assert len(catalogue) == len(list(catalogue.values())) > 12
    assert isinstance(catalogue, Catalogue)


def test_groups_are_lettered_and_named_in_both_languages() -> None:
    assert "".join(group.letter for group in Group) == "ABCDEFGH"
    assert [str(group) for group in Group] == [
        "processes",
        "communication",
        "locks",
        "threads",
        "pools",
        "sync-async",
        "coroutines",
        "summary",
    ]
    for group in Group:
        assert group.text.en and group.text.of("zh") and group.text.en != group.text.of("zh")


def test_problems_of_a_whole_scenario_are_none(tmp_path: Path) -> None:
    assert list(problems_of(copy(load()["gil"], tmp_path))) == []


@pytest.mark.parametrize("name", ["program.py", "notes.en.md"])
def test_problems_name_a_missing_file(name: str, tmp_path: Path) -> None:
    scenario = copy(load()["gil"], tmp_path)
    (scenario.folder / name).unlink()
    assert list(problems_of(scenario)) == [f"It has no {name}."]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("TASKS = 2\n", "", "The program has no setting TASKS for its parameter."),
        ("TASKS = 2\n", "TASKS = 2\nX = 1\n", "The program's setting X has no parameter."),
        ("TASKS = 2\n", "TASKS = 3\n", "The program's TASKS is not its parameter's default."),
    ],
)
def test_problems_name_a_setting_without_parameter_and_the_other_way_round(
    before: str, after: str, problem: str, tmp_path: Path
) -> None:
    scenario = copy(load()["gil"], tmp_path)
    program = scenario.folder / "program.py"
    program.write_text(program.read_text("utf-8").replace(before, after), "utf-8")
    assert list(problems_of(scenario)) == [problem]


@pytest.mark.parametrize(
    ("name", "before", "after", "problem"),
    [
        ("program_gone.py", "", "", "program_gone.py is the program of no choice."),
        ("program_redis.py", "", "", "program_redis.py is the program of no choice."),
        ("program_kafka.py", "MS = 20", "MS = 9", "The program's MS is not its parameter's"),
        ("program_kafka.py", '"kafka"  #', '"redis"  #', "The program's BROKER is not its"),
        ("program_kafka.py", "MS = 20", "MANY = 2", "The program's setting MANY has no parameter."),
        ("program_kafka.py", "MS = 20", "MS = None", "of the settings is not NAME = literal."),
    ],
)
def test_problems_name_a_choice_with_another_program(
    name: str, before: str, after: str, problem: str, tmp_path: Path
) -> None:
    scenario = copy(load()["brokers"], tmp_path)
    assert list(problems_of(scenario)) == []
    file = scenario.folder / name
    text = file.read_text("utf-8") if file.is_file() else scenario.program
    file.write_text(text.replace(before, after), "utf-8")
    (found,) = problems_of(scenario)
    assert problem in found and name in found


def test_problems_name_claims_with_one_id(tmp_path: Path) -> None:
    scenario = load()["gil"]
    twice = replace(scenario, claims=scenario.claims[:1] * 2)
    assert list(problems_of(twice)) == ["It needs claims, each with an id of its own."]
