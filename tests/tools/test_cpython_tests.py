"""The comparison of CPython's own tests, bare and under the probe."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tools import cpython_tests
from tools.cpython_tests import Interpreter, Result, differences, run

COROUTINES = Path(__file__).parents[2] / "docs" / "coroutines.md"

#: A package ``test`` whose ``python -m test`` behaves like CPython's: it reports, or it hangs.
PACKAGE = """
import sys, threading
print("test_a (test.test_x.X.test_a) ... ok")
print("test_b (test.test_x.X.test_b)")
print("What it is about. ... FAIL")
if "-i" in sys.argv or "whole" in sys.argv:
    with open(sys.argv[sys.argv.index("--junit-xml") + 1], "w") as report:
        report.write('<testsuites><testcase name="test.test_x.X.test_a"/>'
            '<testcase name="test.test_x.X.test_b"><failure/></testcase></testsuites>')
else:
    print("test_c (test.test_x.X.test_c) ... ", end="", flush=True)
    threading.Event().wait()
"""


@pytest.fixture
def python(tmp_path: Path) -> Interpreter:
    package = tmp_path / "tests" / "test"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(PACKAGE, encoding="utf-8")
    return Interpreter(sys.executable, str(package.parent))


OUTCOMES = {"test.test_x.X.test_a": "ok", "test.test_x.X.test_b": "failure"}


@pytest.mark.parametrize("way", cpython_tests.WAYS)
def test_outcomes_come_from_the_report(python: Interpreter, way: str, tmp_path: Path) -> None:
    result = run(python, way, ["whole"], 60, tmp_path / "run")
    assert (result.outcomes, result.stuck, result.faults) == (OUTCOMES, "", "")


def test_a_test_that_never_ends_is_named_and_left_out(
    python: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpython_tests, "SILENCE", 2)
    result, hung = cpython_tests.run_all(python, "bare", ["test_x"], 60, tmp_path / "run")
    assert hung == ["test.test_x.X.test_c"]
    assert result.outcomes == OUTCOMES


def test_differences_are_of_what_both_completed() -> None:
    bare = Result({"a": "ok", "b": "ok", "c": "skipped"}, "", 1, "")
    assert differences(bare, bare) == {}
    probe = Result({"a": "failure", "b": "ok", "c": "skipped", "d": "error"}, "", 1, "")
    assert differences(bare, probe) == {"a": ("ok", "failure"), "d": ("absent", "error")}
    stuck = Result({"a": "ok"}, "b", 1, "")
    assert differences(bare, stuck) == {"b": ("ok", "never ended")}
    assert differences(stuck, bare) == {}


def test_what_is_explained_is_in_the_docs() -> None:
    text = re.sub(r"\s+", " ", COROUTINES.read_text(encoding="utf-8"))
    for why in cpython_tests.EXPLAINED.values():
        assert why in text
