"""Programs of a reader's own: what is one, where it runs, and how its end is told."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.cli.programs import environment, names_a_file, read
from app.cli.running import program_status
from app.errors import InvalidInput
from tests.cli.test_run import assert_whole, timeslice

#: A program of two files that reads a third beside it.
MAIN = """\
import sys, threading
from parts import helper
print(sys.argv[1:], open("data.txt").read(), [sys.stdin.read()], __name__)
lock = threading.Lock()
thread = threading.Thread(target=helper.work, args=(lock,), name="helper")
lock.acquire()
thread.start()
helper.wait_for(lambda: helper.tried)
lock.release()
thread.join()
sys.exit(3)
"""
HELPER = """\
import threading
tried = threading.Event()
def wait_for(what):
    what().wait()
def work(lock):
    tried.set()
    lock.acquire()
    lock.release()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "own program"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts/helper.py").write_text(HELPER)
    (folder / "data.txt").write_text("beside it")
    path = folder / "main.py"
    path.write_text(MAIN)
    return path


def test_a_file_is_told_from_a_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script").write_text("")
    assert names_a_file("script") and names_a_file("a.py") and names_a_file("./deadlock")
    assert not names_a_file("deadlok") and not names_a_file("")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: os.mkfifo(path), "is no file"),
        (lambda path: path.write_bytes(b"\x7fELF\0"), "is no text"),
        (lambda path: path.write_bytes(b"#" * (1 << 21)), "longer than 1024 KiB"),
        (lambda path: path.write_text("#!/bin/sh\nexit\n"), "a script for /bin/sh"),
    ],
)
def test_what_is_no_program_is_refused_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Any, said: str
) -> None:
    make(tmp_path / "it")
    assert cli.main(["run", str(tmp_path / "it")]) == 2
    complaint = capsys.readouterr().err
    assert said in complaint and str(tmp_path / "it") in complaint


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--check"], "claims of a scenario"),
        (["-p", "a=1"], "after --"),
        (["--python", "/nowhere/python"], "/nowhere/python is no program"),
    ],
)
def test_what_only_scenarios_have_is_refused(
    program: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("app.doctor.interpreters.find", list)
    assert cli.main(["run", str(program), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_scenario_takes_no_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "deadlock", "--", "5"]) == 2
    assert "'5'" in capsys.readouterr().err


def test_text_is_read_in_its_own_encoding(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes("# -*- coding: latin-1 -*-\nname = 'Zoë'\n".encode("latin-1"))
    assert "Zoë" in read(str(path)).text
    path.write_bytes(b"# coding: nonsense\n")  # its interpreter says what is wrong
    assert read(str(path)).text == "# coding: nonsense\n"
    with pytest.raises(InvalidInput, match="no UTF-8"):
        read(os.fsdecode(b"\xff.py"))


def test_environment_leaves_out_what_no_json_can_hold() -> None:
    assert environment({"A": "1", "B": os.fsdecode(b"\xff")}) == {"A": "1"}


def test_status_is_that_of_a_shell() -> None:
    assert program_status({"cause": "returned", "code": 0, "signal": None}) == 0
    assert program_status({"cause": "raised", "code": 1, "signal": None}) == 1
    assert program_status({"cause": "signal", "code": None, "signal": "SIGTERM"}) == 143
    assert program_status({"cause": "unknown", "code": None, "signal": None}) == 1
    assert program_status(None) == 1


@pytest.mark.real
def test_program_runs_in_its_own_folder_and_its_status_is_ours(
    program: Path, tmp_path: Path
) -> None:
    out, there = tmp_path / "run.json", sorted(program.parent.rglob("*.*"))
    done = timeslice("run", str(program), "--json", str(out), "--", "-x", "two words")
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith("main.py on CPython 3.") and "exit 3" in done.stdout
    timeline = json.loads(out.read_text())
    assert_whole(timeline)
    text = "".join(item["text"] for item in timeline["output"])
    assert text == "['-x', 'two words'] beside it [''] __main__\n"
    assert timeline["run"]["scenario"] is None and timeline["claims"] == []
    assert timeline["run"]["file_name"] == "main.py"
    assert [track["name"] for track in timeline["tracks"]] == ["main.py", "helper"]
    objects = {item["name"]: (item.get("file"), item["line"]) for item in timeline["objects"]}
    assert objects["lock"] == (None, MAIN.splitlines().index("lock = threading.Lock()") + 1)
    assert objects["Event 1"] == (
        "parts/helper.py",
        2,
    )  # of its own file, and with no name of main's
    assert sorted(p for p in program.parent.rglob("*.*") if p.suffix != ".pyc") == [
        p for p in there if p.suffix != ".pyc"
    ]


@pytest.mark.real
def test_program_that_raises_or_cannot_be_compiled_says_so_itself(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    for text, name in (("def f(:\n", "SyntaxError"), ("{}[1]\n", "KeyError")):
        path.write_text(text)
        done = timeslice("run", str(path))
        assert done.returncode == 1
        assert f"raised {name}" in " ".join(done.stdout.split())
        assert f'File "{path}", line 1' in done.stdout and done.stderr == ""


@pytest.mark.real
def test_program_ended_by_a_signal_has_the_status_of_a_shell(tmp_path: Path) -> None:
    path = tmp_path / "killed.py"
    path.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    assert timeslice("run", str(path)).returncode == 128 + 15


@pytest.mark.real
def test_program_has_the_environment_of_its_author(tmp_path: Path) -> None:
    path = tmp_path / "where.py"
    path.write_text("import os\nprint(os.environ['GREETING'], os.umask(0o22) == 0o22)\n")
    before = os.umask(0o22)
    try:
        done = timeslice("run", str(path), GREETING="salut")
    finally:
        os.umask(before)
    assert "salut True" in done.stdout


@pytest.mark.real
def test_another_interpreter_is_seen_by_the_kernel_alone(tmp_path: Path) -> None:
    script, out = tmp_path / "two", tmp_path / "run.json"
    script.write_text("#!/bin/sh\nsleep 0.3 &\nwait\necho $1\nexit 4\n")
    done = timeslice("run", str(script), "--python", "sh", "--json", str(out), "--", "hello")
    assert done.returncode == 4, done.stderr
    timeline = json.loads(out.read_text())
    assert_whole(timeline)
    run = timeline["run"]
    assert run["python"] == "sh" and run["witnesses"]["probe"] is False
    assert "The probe does not run in sh" in run["witnesses"]["why"]
    assert [track["name"] for track in timeline["tracks"]] == ["two", "sleep"]
    assert not any(row["line"] for row in timeline["slices"])
    assert timeline["output"][0]["text"] == "hello\n"


@pytest.mark.real
def test_program_runs_on_each_interpreter_with_the_probe(
    python: str, program: Path, tmp_path: Path
) -> None:
    if python == sys.executable:
        pytest.skip("this interpreter's own run is tested above")
    out = tmp_path / "run.json"
    done = timeslice("run", str(program), "--python", python, "--json", str(out))
    assert done.returncode == 3, done.stdout + done.stderr
    timeline = json.loads(out.read_text())
    assert timeline["run"]["witnesses"]["probe"]
    assert "lock" in {item["name"] for item in timeline["objects"]}
    main, helper = timeline["tracks"]
    assert helper["name"] == "helper" and helper["end"]["cause"] == "returned"
    assert main["end"] == {
        "cause": "exit",
        "code": 3,
        "signal": None,
        "exception": None,
        "sender": None,
    }
