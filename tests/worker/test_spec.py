"""What a worker accepts as its order."""

from __future__ import annotations

import sys

import pytest
from pydantic import ValidationError

from app.settings import Settings
from app.worker.spec import Limits, RunSpec


def test_spec_round_trips_as_one_line_of_json() -> None:
    spec = RunSpec(run_id="a1", program="print('筷子')\n", params={"n": 3, "on": True})
    line = spec.model_dump_json()
    assert "\n" not in line
    assert RunSpec.model_validate_json(line) == spec
    assert spec.python == sys.executable


@pytest.mark.parametrize("name", ["", "..", "a/b.py", "/abs.py", "nul\0.py"])
def test_spec_file_name_with_folders_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="file name without folders"):
        RunSpec(run_id="a", program="", file_name=name)


@pytest.mark.parametrize("run_id", ["", "a/b", "a b", "x" * 65])
def test_spec_run_id_that_is_no_name_is_refused(run_id: str) -> None:
    with pytest.raises(ValidationError):
        RunSpec(run_id=run_id, program="")


def test_limits_of_settings_are_in_the_worker_s_units() -> None:
    limits = Limits.of(
        Settings(memory_limit_mib=100, output_limit_kib=3, wall_limit_s=7, scratch_limit_mib=9)
    )
    assert limits.memory_bytes == 100 << 20
    assert limits.output_bytes == 3 << 10
    assert limits.scratch_bytes == 9 << 20
    assert limits.wall_s == 7
