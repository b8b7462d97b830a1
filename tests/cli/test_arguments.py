"""Wrong arguments: exit status 2 and a sentence that names what is wrong and what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app import cli
from app.catalogue import load
from app.cli.running import assignments
from app.errors import InvalidInput, InvalidParameters

Fails = Callable[..., str]


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Fails:
    """The complaint of a command line that must end with ``status``."""
    monkeypatch.setenv("TIMESLICE_LANGUAGE", "en")

    def complaint(*arguments: str, status: int = 2) -> str:
        assert cli.main(list(arguments)) == status
        said = capsys.readouterr()
        assert said.out == ""
        assert "Traceback" not in said.err
        return said.err

    return complaint


def test_unknown_command_names_the_commands(fails: Fails) -> None:
    assert "The commands are: serve, scenarios, run, export, pin, doctor." in fails("rnu")


def test_unknown_option_names_the_options(fails: Fails) -> None:
    said = fails("run", "deadlock", "--chekc")
    assert "--chekc" in said and "--check" in said


def test_missing_argument_names_it(fails: Fails) -> None:
    assert "slug" in fails("run").lower()


def test_unknown_scenario_names_the_near_ones(fails: Fails) -> None:
    said = fails("run", "deadlok")
    assert "'deadlok'" in said and "deadlock" in said


def test_every_wrong_parameter_has_its_sentence(fails: Fails) -> None:
    field = next(item for item in load()["daemon-process"].fields() if item.kind == "float")
    said = fails("run", "daemon-process", "-p", f"{field.name}=soon", "-p", "colour=red")
    lines = said.splitlines()
    assert len(lines) == 2
    assert any(field.name in line and "number" in line for line in lines)
    assert any("colour" in line for line in lines)


def test_parameter_out_of_range_names_the_range(fails: Fails) -> None:
    scenario = load()["daemon-process"]
    field = next(item for item in scenario.fields() if item.maximum is not None)
    assert field.maximum is not None
    said = fails("run", "daemon-process", "-p", f"{field.name}={field.maximum * 10 + 1:g}")
    assert f"{field.maximum:g}" in said


@pytest.mark.parametrize("text", ["daemon", "=3", ""])
def test_parameter_without_name_and_value_is_refused(fails: Fails, text: str) -> None:
    assert "NAME=VALUE" in fails("run", "daemon-process", "-p", text)


def test_assignments_keep_signs_of_equality_in_the_value() -> None:
    assert assignments(["a=b=c", " d = e "]) == {"a": "b=c", "d": "e"}
    with pytest.raises(InvalidParameters, match="twice"):
        assignments(["a=1", "a=2"])
    with pytest.raises(InvalidInput, match="NAME=VALUE"):
        assignments(["a"])


def test_unknown_interpreter_names_those_that_are_there(
    fails: Fails, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A machine with no other interpreter than this one: asking them all takes its time.
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    said = fails("run", "deadlock", "--python", "/bin/false")
    assert "/bin/false is no Python interpreter" in said and "CPython 3." in said


def test_port_out_of_range_names_the_range(fails: Fails) -> None:
    assert "65535" in fails("serve", "--port", "70000")


def test_export_of_a_missing_file_says_so(fails: Fails, tmp_path: Path) -> None:
    missing = tmp_path / "no.timeslice"
    said = fails("export", str(missing), "--out", str(tmp_path / "x"), status=1)
    assert f"no recording {missing}" in said


def test_export_of_a_foreign_file_says_so(fails: Fails, tmp_path: Path) -> None:
    foreign = tmp_path / "letter.txt"
    foreign.write_text("Dear reader, this is no database at all." * 50)
    said = fails("export", str(foreign), "--out", str(tmp_path / "x"), status=1)
    assert "letter.txt is no Timeslice recording" in said


def test_files_that_are_needed_are_not_written_over(fails: Fails, tmp_path: Path) -> None:
    program = tmp_path / "own.py"
    program.write_text("print(1)")
    same = str(tmp_path / "same")
    for command in (
        ["export", str(program), "--out", str(program)],
        ["run", str(program), "--json", str(program)],
        ["run", "deadlock", "--out", same, "--json", same],
    ):
        assert "choose another one to write to" in fails(*command)
    assert program.read_text() == "print(1)" and not Path(same).exists()


def test_wrong_settings_are_named_by_their_variable(
    fails: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMESLICE_RUNS_AT_ONCE", "0")
    for command in (["serve", "--port", "0"], ["run", "deadlock"]):
        said = fails(*command)
        assert "TIMESLICE_RUNS_AT_ONCE" in said and "1" in said


def test_json_that_cannot_be_written_is_refused_before_the_run(
    fails: Fails, tmp_path: Path
) -> None:
    there_is_none = tmp_path / "none" / "run.json"
    said = fails("run", "gil", "--json", str(there_is_none))
    assert f"there is no folder {there_is_none.parent}" in said
    assert "it is a folder" in fails("run", "gil", "--json", str(tmp_path))


def test_file_in_a_folder_that_is_not_there_is_refused_and_nothing_is_made(
    fails: Fails, tmp_path: Path
) -> None:
    there_is_none = tmp_path / "none"
    for command in (
        ["run", "gil", "--out", str(there_is_none / "a.timeslice")],
        ["run", "gil", "--json", str(there_is_none / "a.json")],
        ["export", str(tmp_path / "x.timeslice"), "--out", str(there_is_none / "a.json")],
    ):
        assert f"there is no folder {there_is_none}" in fails(*command)
    assert not list(tmp_path.iterdir())


def test_names_that_a_terminal_would_obey_are_spelled_out(fails: Fails, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\u202e.timeslice"
    path.write_text("no recording")
    said = fails("export", str(path), "--out", str(tmp_path / "x"), status=1)
    assert "a\\x1b[2J\\u202e.timeslice is no Timeslice recording" in said
