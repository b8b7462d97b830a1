"""The repeater of tests: what it counts, and that nothing of it stays behind."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from tools import repeat_tests
from tools.repeat_tests import Results, Tally, computing, main, one_pass, outcomes, table

REPORT = """<testsuites><testsuite>
<testcase classname="tests.a.test_x" name="test_one" time="1"/>
<testcase classname="tests.a.test_x" name="test_two[b]">
 <failure message="boom&#10;more"/></testcase>
<testcase classname="tests.a.test_x" name="test_three"><skipped/></testcase>
<testcase classname="tests.a.test_x" name="test_four"><error message="no server"/></testcase>
<testcase classname="tests.a.test_x" name="test_four"/>
</testsuite></testsuites>"""
TEST = """
def test_holds(): pass
def test_fails(): assert False, "always"
"""


def test_report_tells_why_each_test_failed() -> None:
    assert outcomes(REPORT) == {
        "tests/a/test_x.py::test_one": "",
        "tests/a/test_x.py::test_two[b]": "boom",
        "tests/a/test_x.py::test_four": "no server",
    }


def test_table_has_tests_that_failed_now_or_before() -> None:
    before, now = Results(), Results()
    before.add(0, {"good": "", "mended": "why", "bad": "why"})
    now.add(0, {"good": "", "mended": "", "bad": ""})
    now.add(6, {"good": "", "mended": "", "bad": "why"})
    assert table(now).split() == ["load", "0", "load", "6", "bad", *["0", "of", "1"],
                                  *["1", "of", "1"]]  # fmt: skip
    lines = table(now, before).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["bad", "mended"]
    assert "1 of 1 -> 0 of 1" in lines[1] and "- -> 1 of 1" in lines[1]
    good = Results()
    good.add(0, {"good": ""})
    assert table(good) == "No test failed."


def test_computing_programs_are_there_and_gone_afterwards() -> None:
    me = psutil.Process()
    others = set(me.children())
    with pytest.raises(RuntimeError), computing(2):
        programs = set(me.children()) - others
        assert len(programs) == 2
        raise RuntimeError
    assert not any(program.is_running() for program in programs)


def test_one_pass_tells_of_each_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_file.py").write_text(TEST)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert one_pass(["test_file.py"]) == {
        "test_file.py::test_holds": "",
        "test_file.py::test_fails": "AssertionError: always",
    }


def test_passes_are_counted_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "results.json"
    said = iter(["the first time", "", "", "", ""])
    monkeypatch.setattr(repeat_tests, "one_pass", lambda tests: {tests[0]: next(said), "good": ""})
    assert main(["--passes", "2", "--loads", "0,1", "--out", str(out), "wrong"]) == 1
    printed = capsys.readouterr().out
    assert "pass 2, load 1: 2 tests, 0 failed" in printed
    assert "wrong (load 0): the first time" in printed
    results = Results.read(out)
    assert results.passes == {"0": 2, "1": 2}
    assert results.failed == ["wrong"]
    assert results.tests["wrong"]["0"] == Tally(2, 1, ["the first time"])
    assert results.tests["wrong"]["1"] == Tally(2, 0, [])
    assert set(json.loads(out.read_text())["steal_ticks"]) == {"0", "1"}
    assert main(["--passes", "1", "--loads", "0", "--before", str(out), "wrong"]) == 0
    assert "1 of 2 -> 0 of 1" in capsys.readouterr().out


def test_pass_that_does_not_end_is_a_failure_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeat_tests, "PASS_S", 0.01)
    assert repeat_tests.one_pass([str(tmp_path)]) == {"(the pass)": "pytest did not end within 0 s"}
